package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bindings.Holder;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.ChangeRows.Settled;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;

/** Decides what becomes of a change; pure. */
final class Plans {
    private static final String MESSAGES = "messages";

    private Plans() {}

    /**
     * What is to be done with one change, in one transaction.
     *
     * @param received what the listener is to apply
     * @param bindings what was known of the number when this was decided
     * @param counts what to count once it is done
     */
    record Plan(
            Settled settled, List<Received> received, List<Binding> bindings, List<String> counts) {
        Set<TenantId> tenants() {
            var tenants = new TreeSet<TenantId>();
            received.forEach(one -> tenants.add(one.tenant()));
            return tenants;
        }

        Change change() {
            return settled.change();
        }
    }

    /** A change that cannot be read. */
    static Plan dead(Change change, String error) {
        return new Plan(
                new Settled(change, State.DEAD, null, error),
                List.of(),
                List.of(),
                List.of("dead"));
    }

    /**
     * @param payload the decrypted payload
     */
    static Plan plan(Change change, byte[] payload, Bindings bindings) {
        var json = Json.read(payload);
        if (json.isEmpty()) {
            return dead(change, "payload is not JSON");
        }
        var content = json.get().path("change");
        if (!content.isObject()) {
            return dead(change, MessagesChange.NOTHING_TO_READ);
        }
        if (!change.field().equals(MESSAGES)) {
            // Kept, and acted upon by those who learn to.
            return new Plan(
                    new Settled(change, State.APPLIED, null, null),
                    List.of(),
                    List.of(),
                    List.of("ignored.field"));
        }
        var read = MessagesChange.read(content.path("value"), change.receivedAt());
        return messages(change, read, bindings);
    }

    private static Plan messages(Change change, MessagesChange.Read read, Bindings bindings) {
        var counts = new ArrayList<String>();
        read.ignored().forEach(reason -> counts.add("ignored." + reason));
        var number = change.phoneNumberId();
        if (number == null && !read.signals().isEmpty()) {
            return dead(change, "no phone_number_id");
        }
        var received = new ArrayList<Received>();
        boolean parked = false;
        boolean dropped = false;
        for (var signal : read.signals()) {
            switch (bindings.holder(String.valueOf(number), change.wabaId(), signal.at())) {
                case Holder.Of(var tenant) ->
                        received.add(
                                new Received(
                                        tenant,
                                        String.valueOf(number),
                                        signal,
                                        change.correlation()));
                case Holder.Nobody() -> parked = true;
                case Holder.OtherNumber() -> {
                    dropped = true;
                    counts.add("dropped.other_number");
                }
            }
        }
        var state = state(read, received.isEmpty(), parked, dropped);
        counts.add(state == State.APPLIED ? "applied.messages" : name(state));
        var tenants = received.stream().map(Received::tenant).distinct().toList();
        return new Plan(
                new Settled(
                        change,
                        state,
                        tenants.size() == 1 ? tenants.getFirst() : null,
                        state == State.DEAD
                                ? String.join("; ", new TreeSet<>(read.problems()))
                                : null),
                List.copyOf(received),
                number == null ? List.of() : bindings.of(number),
                List.copyOf(counts));
    }

    private static String name(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static State state(
            MessagesChange.Read read, boolean nothing, boolean parked, boolean dropped) {
        if (!read.problems().isEmpty()) {
            return State.DEAD; // what was understood of it is applied all the same
        }
        if (parked) {
            return State.PARKED; // what has a tenant is applied now, and changes nothing later
        }
        return dropped && nothing ? State.DROPPED : State.APPLIED;
    }
}
