package dev.gesher.tenant.restore;

import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SendingHold;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.restore.Generations.Generation;
import dev.gesher.tenant.restore.Generations.Hold;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** The hold as a row. */
@Singleton
final class StoredSendingHold implements SendingHold {
    private final TenantScope scope;
    private final AuditLog audit;
    private final Clock clock;

    StoredSendingHold(TenantScope scope, AuditLog audit, Clock clock) {
        this.scope = scope;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public State state() {
        return scope.platform(StoredSendingHold::state);
    }

    private static State state(Tx tx) throws SQLException {
        var hold = Generations.hold(tx);
        var latest = Generations.latest(tx);
        boolean held = hold.filter(it -> it.releasedAt().isEmpty()).isPresent();
        return new State(
                held,
                hold.filter(it -> held)
                        .map(it -> Cause.valueOf(it.cause().toUpperCase(Locale.ROOT))),
                hold.filter(it -> held).map(Hold::since),
                hold.flatMap(Hold::releasedAt),
                latest.map(Generation::prepared).orElse(true),
                latest.map(Generation::number).orElse(1));
    }

    @Override
    public Optional<Instant> releasedAt(Tx tx) throws SQLException {
        return Generations.hold(tx).flatMap(Hold::releasedAt);
    }

    @Override
    public boolean isHeld(Tx tx) throws SQLException {
        return Generations.hold(tx).filter(it -> it.releasedAt().isEmpty()).isPresent();
    }

    @Override
    public State hold(String actor) {
        return scope.in(
                TenantId.PLATFORM,
                tx -> {
                    Generations.lock(tx);
                    if (!isHeld(tx)) {
                        Generations.putHold(tx, "operator", now());
                        record(tx, actor, "sending.held");
                    }
                    return state(tx);
                });
    }

    @Override
    public State release(String actor) {
        return scope.in(
                TenantId.PLATFORM,
                tx -> {
                    Generations.lock(tx);
                    if (Generations.latest(tx).filter(it -> !it.prepared()).isPresent()) {
                        throw new IllegalStateException("the restored database is not prepared");
                    }
                    if (Generations.release(tx, now())) {
                        record(tx, actor, "sending.released");
                    }
                    return state(tx);
                });
    }

    private void record(Tx tx, String actor, String action) throws SQLException {
        audit.record(tx, TenantId.PLATFORM, actor, action, "sending", Map.of());
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS); // as the database keeps it
    }
}
