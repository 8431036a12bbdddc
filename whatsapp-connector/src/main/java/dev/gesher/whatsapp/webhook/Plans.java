package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bindings.Holder;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.ChangeRows.Settled;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Decides what becomes of a change; pure. */
final class Plans {
    private Plans() {}

    /**
     * What is to be done with one change, in one transaction.
     *
     * @param received what the listener is to apply
     * @param bindings what was known of the number, or the account, when this was decided
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
    static Plan plan(Change change, byte[] payload, Bindings bindings, DisplayNumbers displays) {
        var json = Json.read(payload);
        if (json.isEmpty()) {
            return dead(change, "payload is not JSON");
        }
        var content = json.get().path("change");
        if (!content.has("value")) {
            return dead(change, Told.NOTHING_TO_READ);
        }
        var told =
                new Told(
                        change.field(),
                        Objects.requireNonNullElse(change.wabaId(), ""),
                        Nodes.time(json.get().path("entry_time")),
                        change.receivedAt(),
                        content.path("value"));
        return plan(change, told, bindings, displays);
    }

    private static Plan plan(Change change, Told told, Bindings bindings, DisplayNumbers displays) {
        var read = Fields.read(told);
        var counts = new ArrayList<String>();
        read.ignored().forEach(reason -> counts.add("ignored." + reason));
        var missing =
                read.signals().stream()
                        .flatMap(signal -> missing(change, signal).stream())
                        .findFirst();
        if (missing.isPresent()) {
            return dead(change, missing.get());
        }
        var received = new ArrayList<Received>();
        boolean parked = false;
        boolean dropped = false;
        for (var signal : read.signals()) {
            switch (holder(change, told, read.imported(), signal, bindings, displays)) {
                case Holder.Of(var tenant, var number) ->
                        received.add(new Received(tenant, number, signal, change.correlation()));
                case Holder.Nobody() -> parked = true;
                case Holder.OtherNumber() -> {
                    dropped = true;
                    counts.add("dropped.other_number");
                }
            }
        }
        var state = state(read, received.isEmpty(), parked, dropped);
        received.forEach(one ->
                counts.add(
                        "applied."
                                + Fields.name(change.field())
                                + "."
                                + SignalTypes.of(one.signal())));
        counts.add(state == State.APPLIED ? "applied." + Fields.name(change.field()) : name(state));
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
                bindings.about(change.phoneNumberId(), change.wabaId()),
                List.copyOf(counts));
    }

    /** What would have to be known to find out whose a signal is. */
    private static Optional<String> missing(Change change, InboundSignal signal) {
        if (change.phoneNumberId() != null) {
            return Optional.empty();
        }
        return switch (signal) {
            case InboundSignal.News _, InboundSignal.Preference _ ->
                    change.wabaId() == null ? Optional.of("no account") : Optional.empty();
            case InboundSignal.OfMessage _, InboundSignal.AppContact _ ->
                    Optional.of("no phone_number_id");
        };
    }

    private static Holder holder(
            Change change,
            Told told,
            boolean imported,
            InboundSignal signal,
            Bindings bindings,
            DisplayNumbers displays) {
        var at = imported ? told.at() : signal.at();
        var holder = bindings.holder(change.phoneNumberId(), change.wabaId(), at);
        return change.phoneNumberId() == null
                        && holder instanceof Holder.Of(var _, var number)
                        && signal instanceof InboundSignal.News news
                        && isOfOneNumber(news.fact())
                        && displays.isAnother(number, told.displayNumber())
                ? new Holder.OtherNumber()
                : holder;
    }

    /** An account may have numbers that are not the tenant's. */
    private static boolean isOfOneNumber(AccountFact fact) {
        return switch (fact) {
            case AccountFact.NumberQuality _,
                    AccountFact.NumberName _,
                    AccountFact.NumberUsername _,
                    AccountFact.Security _ ->
                    true;
            // Whichever number these name, they end the account, and Graph is asked before.
            case AccountFact.AccountUpdate update ->
                    !update.event().equals("PARTNER_REMOVED")
                            && !update.event().equals("ACCOUNT_DELETED");
            default -> false;
        };
    }

    private static String name(State state) {
        return state.name().toLowerCase(Locale.ROOT);
    }

    private static State state(Told.Read read, boolean nothing, boolean parked, boolean dropped) {
        if (!read.problems().isEmpty()) {
            return State.DEAD; // what was understood of it is applied all the same
        }
        if (parked) {
            return State.PARKED; // what has a tenant is applied now, and changes nothing later
        }
        return dropped && nothing ? State.DROPPED : State.APPLIED;
    }
}
