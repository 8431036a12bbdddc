package dev.gesher.whatsapp.account;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountHealth;
import dev.gesher.whatsapp.AccountHealth.Fact;
import dev.gesher.whatsapp.account.AccountStates.State;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Puts together what the verification of a connection read and what webhooks told since. */
final class HealthRows {
    private HealthRows() {}

    private record ReadBack(
            String waba,
            String number,
            @Nullable String quality,
            @Nullable String limit,
            @Nullable String throughput,
            @Nullable String name,
            @Nullable Instant at) {
        static ReadBack of(Row row) throws SQLException {
            return new ReadBack(
                    row.text("waba_id"),
                    row.text("phone_number_id"),
                    row.nullableText("quality_rating"),
                    row.nullableText("messaging_limit_tier"),
                    row.nullableText("throughput_level"),
                    row.nullableText("name_status"),
                    row.nullableInstant("verified_at"));
        }

        boolean isBefore(State state) {
            return at == null || state.at().isAfter(at);
        }

        Optional<Fact> fact(@Nullable String value) {
            return value == null || at == null
                    ? Optional.empty()
                    : Optional.of(new Fact(value, Optional.empty(), at, Optional.empty()));
        }
    }

    static AccountHealth read(Tx tx, TenantId tenant, Instant now) throws SQLException {
        var found =
                tx.one(
                        """
                        SELECT waba_id, phone_number_id, quality_rating, messaging_limit_tier,
                               throughput_level, name_status, verified_at
                        FROM whatsapp_connections
                        WHERE tenant_id = ? AND waba_id IS NOT NULL AND phone_number_id IS NOT NULL
                        """,
                        ReadBack::of,
                        tenant);
        if (found.isEmpty()) {
            return AccountHealth.UNKNOWN;
        }
        var back = found.get();
        var states = AccountStates.of(tx, tenant, List.of(back.waba(), back.number()));
        Function<String, Optional<Fact>> told =
                kind ->
                        states.stream()
                                .filter(state -> state.kind().equals(kind))
                                .findFirst()
                                .map(HealthRows::fact);
        Function<String, Optional<Fact>> since =
                kind ->
                        states.stream()
                                .filter(state -> state.kind().equals(kind) && back.isBefore(state))
                                .findFirst()
                                .map(HealthRows::fact);
        return new AccountHealth(
                since.apply(AccountStates.QUALITY).or(() -> back.fact(back.quality())),
                since.apply(AccountStates.LIMIT).or(() -> back.fact(back.limit())),
                since.apply(AccountStates.THROUGHPUT).or(() -> back.fact(back.throughput())),
                since.apply(AccountStates.NAME).or(() -> back.fact(back.name())),
                told.apply(AccountStates.USERNAME),
                told.apply(AccountStates.REVIEW),
                told.apply(AccountStates.BAN),
                told.apply(AccountStates.VIOLATION),
                since.apply(AccountStates.PIN),
                states.stream()
                        .filter(state -> isInForce(state, back, now))
                        .map(HealthRows::restriction)
                        .toList());
    }

    private static boolean isInForce(State state, ReadBack back, Instant now) {
        var until = state.until();
        return state.kind().startsWith(AccountStates.RESTRICTION)
                && state.value().equals(AccountStates.RESTRICTED)
                && (until == null ? back.isBefore(state) : until.isAfter(now));
    }

    private static Fact fact(State state) {
        return new Fact(
                state.value(),
                Optional.ofNullable(state.detail()),
                state.at(),
                Optional.ofNullable(state.until()));
    }

    private static Fact restriction(State state) {
        return new Fact(
                state.kind().substring(AccountStates.RESTRICTION.length()),
                Optional.empty(),
                state.at(),
                Optional.ofNullable(state.until()));
    }
}
