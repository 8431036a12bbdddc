package dev.gesher.whatsapp;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.List;

/** Applies what webhooks told; implemented by conversations. */
public interface InboundListener {
    /**
     * Applies signals in the caller's transaction, whose set holds their tenants. May be run again
     * with the same signals, and with signals that were applied before: each takes effect once.
     * Called for one number by one worker at a time, in order of arrival, which need not be Meta's
     * order.
     */
    void apply(Tx tx, List<Received> signals) throws SQLException;

    /**
     * One signal for one tenant.
     *
     * @param phoneNumberId the business number it is about
     * @param correlation the id that follows it through the logs
     */
    record Received(
            TenantId tenant, String phoneNumberId, InboundSignal signal, String correlation) {}
}
