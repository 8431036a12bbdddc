package dev.gesher.tenant;

import java.time.Instant;

/**
 * What a part has to put right in a database that was restored, before anything else uses it.
 * Sending is held already. Repeated after a failure, so it must be idempotent.
 */
public interface AfterRestore {
    /**
     * Puts the part's rows right, in transactions of its own, bounded each.
     *
     * @param noticedAt when the restore was noticed; what is newer is not the backup's
     */
    void prepare(Instant noticedAt);
}
