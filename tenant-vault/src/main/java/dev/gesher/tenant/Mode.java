package dev.gesher.tenant;

/** What a deployment is for. */
public enum Mode {
    /** Tries things out: keys and database may be the embedded ones. */
    DEMO,
    /** Serves real tenants: nothing embedded, nothing insecure. */
    PRODUCTION
}
