package dev.gesher.whatsapp;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.InboundListener.Received;
import java.sql.SQLException;
import java.time.Instant;
import java.util.List;

/**
 * Keeps what Meta tells about accounts, numbers and templates. Each piece of news acts once, and
 * only if it is newer than what it would change; what would end a connection is first asked of
 * Graph.
 */
public interface AccountNews {
    /**
     * Applies news in the caller's transaction, which holds the lanes of their numbers. Takes no
     * lock that comes before lanes.
     *
     * @param news signals that are {@link InboundSignal.News}, in order of arrival
     * @return what the tenants are to be told, in that order
     */
    List<Told> apply(Tx tx, List<Received> news) throws SQLException;

    /**
     * Somebody took our app away from the account, they say: Graph is asked, and if that is so the
     * tenant leaves. In the caller's transaction.
     *
     * @param at when, by Meta's clock
     */
    void deauthorized(Tx tx, TenantId tenant, String wabaId, String phoneNumberId, Instant at)
            throws SQLException;

    /** How the tenant's account and number stand, in a transaction of its own. */
    AccountHealth health(TenantId tenant);

    /**
     * An event for a tenant.
     *
     * @param type as docs/events.md lists it
     * @param at when we learned of it; when Meta says it happened is among the data
     */
    record Told(TenantId tenant, String type, Instant at, ObjectNode data) {
        @Override
        public String toString() {
            return type;
        }
    }
}
