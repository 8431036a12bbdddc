package dev.gesher.tenant.db;

import java.time.Duration;

/**
 * Work of the whole platform that the clock drives, done by one process at a time: a bean per job.
 * What happens at a time for one tenant is a timer's ({@link Timers}).
 */
public interface PlatformJob {
    /** Names it in the table of jobs, in log lines and in metrics; never changed. */
    String name();

    /** From the end of a run to the next, of whichever process. */
    Duration every();

    /**
     * Does a bounded piece of work; called again at once while there is more. A process that dies
     * is followed by another, which begins anew, so it must be idempotent; one that stands still
     * for a minute may be followed while it goes on.
     *
     * @return whether there may be more to do right now
     */
    boolean round();
}
