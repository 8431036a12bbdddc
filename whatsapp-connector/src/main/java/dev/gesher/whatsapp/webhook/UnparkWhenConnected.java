package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.WebhookInbox;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.Optional;

/** Gives what was parked for a number another try when the number is connected. */
@Singleton
final class UnparkWhenConnected implements Connections.Listener {
    private final WebhookInbox inbox;

    UnparkWhenConnected(WebhookInbox inbox) {
        this.inbox = inbox;
    }

    @Override
    public void connected(Tx tx, Connection now, Optional<Connection> before) throws SQLException {
        if (now.phoneNumberId().isPresent()) {
            inbox.unpark(tx, now.phoneNumberId().get());
        }
    }

    @Override
    public void stopped(Tx tx, Connection now) {
        // What comes for a number that nobody holds is parked by itself.
    }
}
