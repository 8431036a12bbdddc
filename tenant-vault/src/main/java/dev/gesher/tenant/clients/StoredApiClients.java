package dev.gesher.tenant.clients;

import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** API clients as rows; of a secret only its SHA-256 is kept (it has 256 random bits). */
@Singleton
final class StoredApiClients implements ApiClients {
    private static final int SECRET_BYTES = 32;

    /** Looked up in place of an id that cannot exist, so that it costs the same. */
    private static final ClientId NOBODY = ClientId.make(new TenantId(new UUID(-1, -1)));

    /** Compared with in place of the hash of a client that does not exist; nothing hashes to it. */
    private static final byte[] NO_HASH = new byte[32];

    private final TenantScope scope;
    private final AuditLog audit;
    private final Clock clock;

    StoredApiClients(TenantScope scope, AuditLog audit, Clock clock) {
        this.scope = scope;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public Optional<Created> create(
            TenantId tenant, String name, Set<String> scopes, String actor) {
        var secret = SecretText.of(RandomText.of(SECRET_BYTES));
        var client =
                new ApiClient(
                        tenant,
                        ClientId.make(tenant).text(),
                        name,
                        Set.copyOf(scopes),
                        clock.instant().truncatedTo(ChronoUnit.MICROS));
        boolean created = scope.in(tenant, tx -> insert(tx, client, sha256(secret), actor));
        return created ? Optional.of(new Created(client, secret)) : Optional.empty();
    }

    @Override
    public Optional<ApiClient> authenticate(String clientId, SecretText secret) {
        byte[] given = sha256(secret);
        var id = ClientId.parse(clientId).orElse(NOBODY);
        var known = scope.in(id.tenant(), tx -> find(tx, id));
        byte[] expected = known.map(Known::secretHash).orElse(NO_HASH);
        return MessageDigest.isEqual(given, expected) ? known.map(Known::client) : Optional.empty();
    }

    @Override
    public List<ApiClient> list(TenantId tenant) {
        return scope.in(
                tenant,
                tx ->
                        tx.query(
                                """
                                SELECT * FROM api_clients
                                WHERE tenant_id = ? AND revoked_at IS NULL
                                ORDER BY created_at, client_id
                                """,
                                StoredApiClients::client,
                                tenant));
    }

    @Override
    public boolean revoke(TenantId tenant, String clientId, String actor) {
        return scope.in(
                tenant,
                tx -> {
                    int revoked =
                            tx.update(
                                    """
                                    UPDATE api_clients SET revoked_at = ?
                                    WHERE tenant_id = ? AND client_id = ? AND revoked_at IS NULL
                                    """,
                                    clock.instant(),
                                    tenant,
                                    clientId);
                    if (revoked == 0) {
                        return false;
                    }
                    audit.record(tx, tenant, actor, "client.revoked", clientId, Map.of());
                    return true;
                });
    }

    private boolean insert(Tx tx, ApiClient client, byte[] secretHash, String actor)
            throws SQLException {
        int inserted =
                tx.update(
                        """
                        INSERT INTO api_clients
                            (tenant_id, client_id, name, secret_hash, scopes, created_at)
                        SELECT tenant_id, ?, ?, ?, ?, ? FROM tenants WHERE tenant_id = ?
                        """,
                        client.clientId(),
                        client.name(),
                        secretHash,
                        Tx.texts(client.scopes().stream().sorted().toList()),
                        client.createdAt(),
                        client.tenant());
        if (inserted == 0) {
            return false;
        }
        audit.record(
                tx,
                client.tenant(),
                actor,
                "client.created",
                client.clientId(),
                Map.of("scopes", String.join(" ", client.scopes().stream().sorted().toList())));
        return true;
    }

    private static Optional<Known> find(Tx tx, ClientId id) throws SQLException {
        return tx.one(
                """
                SELECT c.* FROM api_clients c JOIN tenants t ON t.tenant_id = c.tenant_id
                WHERE c.tenant_id = ? AND c.client_id = ? AND c.revoked_at IS NULL
                    AND t.status = 'active'
                """,
                row -> new Known(client(row), row.bytes("secret_hash")),
                id.tenant(),
                id.text());
    }

    private static ApiClient client(Row row) throws SQLException {
        return new ApiClient(
                row.tenant(),
                row.text("client_id"),
                row.text("name"),
                Set.copyOf(row.texts("scopes")),
                row.instant("created_at"));
    }

    private static byte[] sha256(SecretText secret) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(secret.reveal().getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private record Known(ApiClient client, byte[] secretHash) {}
}
