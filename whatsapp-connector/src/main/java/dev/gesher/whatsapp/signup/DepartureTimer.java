package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.util.UUID;

/** Goes on with departures that Meta or a process's end held up. */
@Singleton
final class DepartureTimer implements Timers.Handler {
    private final StoredDepartures departures;

    DepartureTimer(StoredDepartures departures) {
        this.departures = departures;
    }

    @Override
    public String kind() {
        return StoredDepartures.TIMER;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws java.sql.SQLException {
        departures.goOnLater(tx, tenant, object);
    }
}
