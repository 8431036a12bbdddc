package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.db.DatabaseException;

/** Says what went wrong without quoting anybody: messages of exceptions may hold content. */
final class Errors {
    private Errors() {}

    static String describe(Throwable thrown) {
        var name = thrown.getClass().getSimpleName();
        if (thrown instanceof DatabaseException e) {
            return name + " " + e.sqlState();
        }
        var trace = thrown.getStackTrace();
        return trace.length == 0 ? name : name + " at " + trace[0];
    }
}
