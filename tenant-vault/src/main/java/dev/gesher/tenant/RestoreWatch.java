package dev.gesher.tenant;

/**
 * Notices that the database is an older copy of itself: on another server, under another name or on
 * another timeline, or behind what a file outside its backups remembers of it.
 */
public interface RestoreWatch {
    /**
     * Looks, once before anything is served. If the database was restored, sending is held and
     * every {@link AfterRestore} has run when this returns.
     *
     * @throws StartRefusedException if the file cannot be kept
     */
    void look();

    /**
     * What {@link #look} does when it notices a restore, on an operator's word: for a copy that
     * cannot be told from the database as it was, since nothing outside its backups was left.
     * Audited.
     */
    void declareRestored(String actor);
}
