package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Who held which number when, as read in one transaction, and so whose a change is. What a deleted
 * tenant held is as if nobody had.
 *
 * @param byNumber each number's bindings, oldest first
 * @param knownWabas WABAs that some tenant holds or held
 */
record Bindings(Map<String, List<Binding>> byNumber, Set<String> knownWabas) {
    /**
     * One tenant's time with a number.
     *
     * @param to when it ended, or null while it lasts
     */
    record Binding(TenantId tenant, Instant from, @Nullable Instant to) {}

    /** Whose something is. */
    sealed interface Holder {
        /** This tenant's. */
        record Of(TenantId tenant) implements Holder {}

        /** Nobody's who may have it now: it waits for the tenant that held the number last. */
        record Nobody() implements Holder {}

        /** About a number that we do not serve, of a WABA that we do. */
        record OtherNumber() implements Holder {}
    }

    static Bindings read(Tx tx, Collection<String> numbers, Collection<String> wabas)
            throws SQLException {
        var byNumber = new HashMap<String, List<Binding>>();
        tx.query(
                """
                SELECT phone_number_id, tenant_id, held_from, held_to FROM number_bindings b
                WHERE phone_number_id = ANY(?) AND NOT EXISTS (
                    SELECT FROM tenant_directory d
                    WHERE d.tenant_id = b.tenant_id AND d.deleted_at IS NOT NULL)
                ORDER BY held_from, held_to NULLS LAST
                """,
                row ->
                        byNumber.computeIfAbsent(
                                        row.text("phone_number_id"), ignored -> new ArrayList<>())
                                .add(
                                        new Binding(
                                                row.tenant(),
                                                row.instant("held_from"),
                                                row.nullableInstant("held_to"))),
                Tx.texts(List.copyOf(numbers)));
        var known =
                tx.query(
                        """
                        SELECT DISTINCT waba_id FROM number_bindings b
                        WHERE waba_id = ANY(?) AND NOT EXISTS (
                            SELECT FROM tenant_directory d
                            WHERE d.tenant_id = b.tenant_id AND d.deleted_at IS NOT NULL)
                        """,
                        row -> row.text("waba_id"),
                        Tx.texts(List.copyOf(wabas)));
        return new Bindings(byNumber, new HashSet<>(known));
    }

    List<Binding> of(String number) {
        return byNumber.getOrDefault(number, List.of());
    }

    /**
     * Whose something about {@code number} is that happened at {@code at} by Meta's clock.
     *
     * <p>The tenant that held the number then. What came while nobody held it goes to the tenant
     * that held it before, once that tenant holds it again; another tenant gets only what is newer
     * than its own binding.
     */
    Holder holder(String number, @Nullable String waba, Instant at) {
        var bindings = of(number);
        if (bindings.isEmpty()) {
            return waba != null && knownWabas.contains(waba)
                    ? new Holder.OtherNumber()
                    : new Holder.Nobody();
        }
        // Meta's times are whole seconds. A binding starts at a whole second too, or in the middle
        // of
        // one in which somebody else held the number: that second stays with the other.
        var last =
                bindings.stream()
                        .filter(b -> !b.from().isAfter(at))
                        .reduce((earlier, later) -> later);
        if (last.isEmpty()) {
            return new Holder.Nobody();
        }
        var binding = last.get();
        boolean held = binding.to() == null || !at.isAfter(binding.to());
        var now = bindings.getLast();
        boolean heldAgain = now.to() == null && now.tenant().equals(binding.tenant());
        return held || heldAgain ? new Holder.Of(binding.tenant()) : new Holder.Nobody();
    }
}
