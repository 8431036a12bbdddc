package dev.gesher.tenant;

import java.time.Instant;
import java.util.Collection;
import java.util.Optional;
import java.util.UUID;

/**
 * Deletes tenants. One transaction makes everything of a tenant unreadable and takes its place from
 * it; its rows go afterwards, some at a time, whatever process is left to do it. What stays is a
 * receipt without personal data, the operator's audit, and the bare id in a file that no backup of
 * the database brings back.
 */
public interface TenantDeletions {
    /**
     * Deletes a tenant: leaves its number at Meta as far as Meta answers within ten seconds, then
     * destroys its keys; returns once that is committed and this process has the id in its file.
     * Repeated, it tells of the same deletion. Blocks while Meta is asked: not to be called inside
     * a transaction. Empty if there never was such a tenant.
     *
     * @param actor as in the audit
     */
    Optional<Receipt> delete(TenantId tenant, String actor);

    /** The receipt of a tenant that is deleted, or about to be. */
    Optional<Receipt> find(TenantId tenant);

    /**
     * Deletes these tenants again, whatever a restored database says of them: their rows may be
     * there and their receipts not. Asks nothing of Meta. May be repeated; an id that the database
     * never knew gets a receipt too.
     */
    void applyDeleted(Collection<TenantId> tenants);

    /**
     * Ends a tenant's connection before its keys go. Implemented above this module; where nobody
     * does, there is none to end.
     */
    interface Farewell {
        /** Leaves, within bounded time; never throws for what Meta does. */
        Left leave(TenantId tenant, String actor);
    }

    /**
     * What tenants keep outside the database, unreadable since their keys are gone: a bean for each
     * place. Asked after the rows are gone, and once more an hour later.
     */
    interface Remains {
        /**
         * Deletes some of it; whether there may be more. Outside a transaction; may throw, and is
         * called again a minute later then.
         */
        boolean deleteSome(TenantId tenant);
    }

    /**
     * What was done at Meta: {@code done}, {@code not_connected}, {@code no_answer}, {@code
     * refused_<Meta's code>}, …
     *
     * @param unsubscribed what came of unsubscribing our app from the account
     * @param revoked what came of revoking the token
     */
    record Left(String unsubscribed, String revoked) {}

    /**
     * What became of a tenant.
     *
     * @param keysDestroyedAt when it became unreadable; empty while that is being done
     * @param rowsDeletedAt when its last row was gone; empty while rows are being deleted
     * @param left what was done at Meta; empty while that is being done, and for a deletion that
     *     {@link #applyDeleted} repeated
     */
    record Receipt(
            UUID id,
            TenantId tenant,
            Instant requestedAt,
            Optional<Instant> keysDestroyedAt,
            Optional<Instant> rowsDeletedAt,
            Optional<Left> left) {}
}
