package dev.gesher.whatsapp.webhook;

import static java.util.stream.Collectors.groupingBy;
import static java.util.stream.Collectors.mapping;
import static java.util.stream.Collectors.toList;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * Who held which number and account when, as read in one transaction, and so whose a change is.
 * What a deleted tenant held is as if nobody had.
 *
 * @param byNumber each number's bindings, oldest first
 * @param byWaba each account's, oldest first
 */
record Bindings(Map<String, List<Binding>> byNumber, Map<String, List<Binding>> byWaba) {
    /**
     * One tenant's time with a number.
     *
     * @param to when it ended, or null while it lasts
     */
    record Binding(TenantId tenant, String phoneNumberId, Instant from, @Nullable Instant to) {}

    /** Whose something is. */
    sealed interface Holder {
        /** This tenant's, and about this number of its. */
        record Of(TenantId tenant, String phoneNumberId) implements Holder {}

        /** Nobody's who may have it now: it waits for the tenant that held the number last. */
        record Nobody() implements Holder {}

        /** About a number that we do not serve, of a WABA that we do. */
        record OtherNumber() implements Holder {}
    }

    private record Row(String number, String waba, Binding binding) {}

    static Bindings read(Tx tx, Collection<String> numbers, Collection<String> wabas)
            throws SQLException {
        var rows =
                tx.query(
                        """
                        SELECT phone_number_id, waba_id, tenant_id, held_from, held_to FROM number_bindings b
                        WHERE (phone_number_id = ANY(?) OR waba_id = ANY(?)) AND NOT EXISTS (
                            SELECT FROM tenant_directory d
                            WHERE d.tenant_id = b.tenant_id AND d.deleted_at IS NOT NULL)
                        ORDER BY held_from, held_to NULLS LAST
                        """,
                        row ->
                                new Row(
                                        row.text("phone_number_id"),
                                        row.text("waba_id"),
                                        new Binding(
                                                row.tenant(),
                                                row.text("phone_number_id"),
                                                row.instant("held_from"),
                                                row.nullableInstant("held_to"))),
                        Tx.texts(List.copyOf(numbers)),
                        Tx.texts(List.copyOf(wabas)));
        // Of what was not asked for, only some rows are here.
        return new Bindings(
                grouped(rows, Row::number, Set.copyOf(numbers)),
                grouped(rows, Row::waba, Set.copyOf(wabas)));
    }

    private static Map<String, List<Binding>> grouped(
            List<Row> rows, Function<Row, String> key, Set<String> asked) {
        return rows.stream()
                .filter(row -> asked.contains(key.apply(row)))
                .collect(groupingBy(key, mapping(Row::binding, toList())));
    }

    /** What is known of whose a change is: by its number, else by its account. */
    List<Binding> about(@Nullable String number, @Nullable String waba) {
        return number != null
                ? byNumber.getOrDefault(number, List.of())
                : byWaba.getOrDefault(String.valueOf(waba), List.of());
    }

    /**
     * Whose something is that happened at {@code at} by Meta's clock: about {@code number} or, if
     * Meta names none, about the account {@code waba}.
     *
     * <p>The tenant that held it then. What came while nobody held it goes to the tenant that held
     * it before, once that tenant holds it again; another tenant gets only what is newer than its
     * own binding.
     */
    Holder holder(@Nullable String number, @Nullable String waba, Instant at) {
        var bindings = about(number, waba);
        if (bindings.isEmpty()) {
            return number != null && isHeld(waba, at)
                    ? new Holder.OtherNumber()
                    : new Holder.Nobody();
        }
        // Meta's times are whole seconds. A binding starts at a whole second too, or in the middle
        // of one in which somebody else held the number: that second stays with the other.
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
        return held || heldAgain
                ? new Holder.Of(binding.tenant(), binding.phoneNumberId())
                : new Holder.Nobody();
    }

    /** Whether somebody holds the account, or did after {@code at}. */
    private boolean isHeld(@Nullable String waba, Instant at) {
        return about(null, waba).stream().anyMatch(b -> b.to() == null || !at.isAfter(b.to()));
    }
}
