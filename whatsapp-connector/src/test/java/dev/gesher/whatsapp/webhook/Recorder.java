package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.InboundSignal.OfMessage;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import java.sql.SQLException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A listener that writes what it hears into a table, in the transaction it is given. */
final class Recorder implements InboundListener {
    /** A message with this in its id breaks the code that applies it. */
    static final String POISON = "poison";

    /** A message with this in its id breaks a constraint. */
    static final String REFUSED = "refused";

    /** Whether poison does no harm any more. */
    volatile boolean mended;

    /** A message with this in its id takes longer than any statement may. */
    static final String SLOW = "endless";

    /** Every call, also those that were rolled back. */
    final List<List<Received>> calls = new CopyOnWriteArrayList<>();

    @Override
    public void apply(Tx tx, List<Received> signals) throws SQLException {
        calls.add(List.copyOf(signals));
        tx.lockInOrder(
                "SELECT FROM heard_tenants WHERE tenant_id = ANY(?) ORDER BY tenant_id FOR UPDATE",
                Tx.tenants(signals.stream().map(Received::tenant).distinct().toList()));
        for (var received : signals) {
            var signal = received.signal();
            var id =
                    switch (signal) {
                        case OfMessage message -> message.waMessageId();
                        case News news -> news.identity();
                        default -> "";
                    };
            if (!mended && id.contains(POISON)) {
                throw new IllegalStateException("secret content of the message");
            }
            if (id.contains(SLOW)) {
                throw new SQLException("canceling statement due to statement timeout", "57014");
            }
            var what =
                    switch (signal) {
                        case Message message -> message.type();
                        case StatusUpdate status -> status.status().name();
                        default -> signal.toString();
                    };
            tx.update(
                    """
                    INSERT INTO heard AS h (tenant_id, number, id, what) VALUES (?, ?, ?, ?)
                    ON CONFLICT (tenant_id, id, what) DO UPDATE SET times = h.times + 1
                    """,
                    received.tenant(),
                    received.phoneNumberId(),
                    id,
                    what);
            tx.update("UPDATE heard_tenants SET n = n + 1 WHERE tenant_id = ?", received.tenant());
        }
    }
}
