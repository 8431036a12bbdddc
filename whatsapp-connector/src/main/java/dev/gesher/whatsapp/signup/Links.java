package dev.gesher.whatsapp.signup;

import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.Signup.Link;
import dev.gesher.whatsapp.Signup.Session;
import dev.gesher.whatsapp.Signup.Visitor;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Links to the connect page, and the browser sessions they are exchanged for. */
@Singleton
final class Links {
    private static final Duration LIFE = Duration.ofMinutes(30);

    private final TenantScope scope;
    private final Tenants tenants;
    private final AuditLog audit;
    private final Clock clock;

    Links(TenantScope scope, Tenants tenants, AuditLog audit, Clock clock) {
        this.scope = scope;
        this.tenants = tenants;
        this.audit = audit;
        this.clock = clock;
    }

    Link create(TenantId tenant, String createdBy) {
        var secret = LinkSecret.make(tenant);
        var linkId = LinkSecret.random(12);
        var now = clock.instant();
        scope.in(
                tenant,
                tx -> {
                    tx.updateExactly(
                            1,
                            """
                            INSERT INTO connect_links
                                (tenant_id, link_id, secret_hash, created_by, created_at, expires_at)
                            VALUES (?, ?, ?, ?, ?, ?)
                            """,
                            tenant,
                            linkId,
                            secret.hash(),
                            createdBy,
                            now,
                            now.plus(LIFE));
                    audit.record(tx, tenant, createdBy, "connect_link.created", linkId, Map.of());
                    return null;
                });
        return new Link(linkId, secret.text(), now.plus(LIFE));
    }

    /** Nothing is spent: a second browser takes the session over, the link lives on. */
    Optional<Session> exchange(SecretText text) {
        var secret = LinkSecret.parse(text);
        var session = LinkSecret.make(secret.tenant());
        return scope.in(
                secret.tenant(),
                tx -> {
                    var visitor =
                            tx.one(
                                    """
                                    UPDATE connect_links SET session_hash = ?
                                    WHERE tenant_id = ? AND secret_hash = ? AND expires_at > ?
                                    RETURNING tenant_id, link_id, expires_at
                                    """,
                                    Opened::of,
                                    session.hash(),
                                    secret.tenant(),
                                    secret.hash(),
                                    clock.instant());
                    return visitor(tx, visitor).map(found -> new Session(session.text(), found));
                });
    }

    Optional<Visitor> session(SecretText text) {
        var token = LinkSecret.parse(text);
        return scope.in(
                token.tenant(),
                tx ->
                        visitor(
                                tx,
                                tx.one(
                                        """
                                        SELECT tenant_id, link_id, expires_at FROM connect_links
                                        WHERE tenant_id = ? AND session_hash = ? AND expires_at > ?
                                        """,
                                        Opened::of,
                                        token.tenant(),
                                        token.hash(),
                                        clock.instant())));
    }

    private Optional<Visitor> visitor(Tx tx, Optional<Opened> link) throws SQLException {
        if (link.isEmpty()) {
            return Optional.empty();
        }
        var opened = link.get();
        var tenant = tenants.find(tx, List.of(opened.tenant())).get(opened.tenant());
        return Optional.ofNullable(tenant)
                .map(found ->
                        new Visitor(
                                found.id(),
                                found.name(),
                                found.locale(),
                                "link:" + opened.linkId(),
                                opened.expiresAt(),
                                found.status() == Tenant.Status.SUSPENDED));
    }

    private record Opened(TenantId tenant, String linkId, java.time.Instant expiresAt) {
        static Opened of(Row row) throws SQLException {
            return new Opened(row.tenant(), row.text("link_id"), row.instant("expires_at"));
        }
    }
}
