package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.sql.SQLException;

/**
 * Tells every process of a change that makes something it keeps in memory untrue: a revoked client,
 * a suspended or deleted tenant, a replaced key. A notice is written in the transaction of the
 * change; this process hears it as soon as that has committed, the others within about a second.
 */
public interface Notices {
    /**
     * Tells all processes once {@code tx} commits.
     *
     * @param kind what listeners name in {@link #listen}
     * @param tenant whose it is; {@link TenantId#PLATFORM} for what is nobody's
     * @param object which of the tenant's things, or an empty text for all of them; no secret
     */
    void announce(Tx tx, String kind, TenantId tenant, String object) throws SQLException;

    /** Has {@code listener} hear all notices of {@code kind} from now on. */
    void listen(String kind, Listener listener);

    /**
     * Whether what is kept in memory may be trusted: false until the first look at the notices of
     * others, and after 30 seconds without one that succeeded.
     */
    boolean hears();

    /** Starts to hear of others; does nothing if it has. */
    void start();

    /**
     * Hears notices. A notice may come more than once; one that throws is told to forget everything
     * a little later.
     */
    interface Listener {
        /** Forgets what is kept about {@code object}; about all of the tenant if it is empty. */
        void heard(TenantId tenant, String object);

        /** Some notices may have been missed: forgets everything. */
        void missed();
    }
}
