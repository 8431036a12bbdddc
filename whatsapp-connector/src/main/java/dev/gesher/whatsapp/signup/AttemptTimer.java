package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.UUID;

/** Looks after attempts that nobody runs any more. */
@Singleton
final class AttemptTimer implements Timers.Handler {
    private final Saga saga;

    AttemptTimer(Saga saga) {
        this.saga = saga;
    }

    @Override
    public String kind() {
        return Saga.TIMER;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
        saga.lookAfter(tx, tenant, object);
    }
}
