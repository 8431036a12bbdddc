package dev.gesher.tenant;

/**
 * A tenant has no keys: they were destroyed with {@link Vault#destroyAll}, so nothing of it can be
 * encrypted or decrypted any more. Callers treat the tenant as gone; trying again helps nobody.
 */
public final class TenantKeysDestroyedException extends IllegalStateException {
    private final TenantId tenant;

    public TenantKeysDestroyedException(TenantId tenant) {
        super("tenant " + tenant + " has no key");
        this.tenant = tenant;
    }

    /** Whose keys are gone. */
    public TenantId tenant() {
        return tenant;
    }
}
