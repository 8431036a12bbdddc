package dev.gesher.app.security;

import dev.gesher.tenant.TenantId;

/**
 * The tenant's app that is calling, by its token: the only source of a tenant id outside the
 * operator's paths.
 */
public record Caller(TenantId tenant, String clientId) {
    /** How the audit log names it. */
    public String actor() {
        return "client:" + clientId;
    }
}
