package dev.gesher.tenant.clients;

import dev.gesher.tenant.ApiClients;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.Cursor;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Notices;
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
    private static final String LIST = "k1";
    private static final int SECRET_BYTES = 32;

    /** Looked up in place of an id that cannot exist, so that it costs the same. */
    private static final ClientId NOBODY = ClientId.make(new TenantId(new UUID(-1, -1)));

    /** Compared with in place of the hash of a client that does not exist; nothing hashes to it. */
    private static final byte[] NO_HASH = new byte[32];

    private final TenantScope scope;
    private final AuditLog audit;
    private final Notices notices;
    private final Clock clock;

    StoredApiClients(TenantScope scope, AuditLog audit, Notices notices, Clock clock) {
        this.scope = scope;
        this.audit = audit;
        this.notices = notices;
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
        boolean created =
                scope.in(withPlatform(tenant), tx -> insert(tx, client, sha256(secret), actor));
        return created ? Optional.of(new Created(client, secret)) : Optional.empty();
    }

    @Override
    public Authentication authenticate(String clientId, SecretText secret) {
        byte[] given = sha256(secret);
        var id = ClientId.parse(clientId).orElse(NOBODY);
        var known = scope.in(id.tenant(), tx -> find(tx, id));
        byte[] expected = known.map(Known::secretHash).orElse(NO_HASH);
        if (!MessageDigest.isEqual(given, expected) || known.isEmpty()) {
            return new Authentication.Wrong();
        }
        return known.get().active()
                ? new Authentication.Right(known.get().client())
                : new Authentication.Suspended();
    }

    @Override
    public Standing standing(TenantId tenant, String clientId) {
        var id = ClientId.parse(clientId).filter(it -> it.tenant().equals(tenant));
        return id.flatMap(it -> scope.in(tenant, tx -> find(tx, it)))
                .map(known -> known.active() ? Standing.ACTIVE : Standing.SUSPENDED)
                .orElse(Standing.GONE);
    }

    @Override
    public Optional<Page<ApiClient>> list(TenantId tenant, Optional<String> cursor, int limit) {
        Cursor.checkLimit(limit);
        var after = cursor.map(text -> Cursor.read(LIST, text));
        return scope.in(
                tenant,
                tx -> {
                    if (!exists(tx, tenant)) {
                        return Optional.<Page<ApiClient>>empty();
                    }
                    var rows = after(tx, tenant, after, limit + 1);
                    return Optional.of(
                            Cursor.page(
                                    LIST,
                                    rows,
                                    limit,
                                    last -> new Cursor(last.createdAt(), last.clientId())));
                });
    }

    private static List<ApiClient> after(Tx tx, TenantId tenant, Optional<Cursor> after, int most)
            throws SQLException {
        return tx.query(
                """
                SELECT * FROM api_clients
                WHERE tenant_id = ? AND revoked_at IS NULL
                    AND (?::text IS NULL OR (created_at, client_id) > (?::timestamptz, ?::text))
                ORDER BY created_at, client_id LIMIT ?
                """,
                StoredApiClients::client,
                tenant,
                after.map(Cursor::name).orElse(null),
                after.map(Cursor::at).orElse(null),
                after.map(Cursor::name).orElse(null),
                most);
    }

    private static boolean exists(Tx tx, TenantId tenant) throws SQLException {
        return tx.one(
                        "SELECT tenant_id FROM tenants WHERE tenant_id = ? AND deleted_at IS NULL",
                        Row::tenant,
                        tenant)
                .isPresent();
    }

    @Override
    public boolean revoke(TenantId tenant, String clientId, String actor) {
        return scope.in(
                withPlatform(tenant),
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
                    notices.announce(tx, NOTICE, tenant, clientId);
                    audit(tx, actor, "client.revoked", clientId, Map.of());
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
                        SELECT tenant_id, ?, ?, ?, ?, ? FROM tenants
                        WHERE tenant_id = ? AND deleted_at IS NULL
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
        audit(
                tx,
                actor,
                "client.created",
                client.clientId(),
                Map.of("scopes", String.join(" ", client.scopes().stream().sorted().toList())));
        return true;
    }

    private static Optional<Known> find(Tx tx, ClientId id) throws SQLException {
        return tx.one(
                """
                SELECT c.*, t.status = 'active' AS active
                FROM api_clients c JOIN tenants t ON t.tenant_id = c.tenant_id
                WHERE c.tenant_id = ? AND c.client_id = ? AND c.revoked_at IS NULL
                    AND t.deleted_at IS NULL
                """,
                row -> new Known(client(row), row.bytes("secret_hash"), row.bool("active")),
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

    private static List<TenantId> withPlatform(TenantId tenant) {
        return List.of(tenant, TenantId.PLATFORM);
    }

    /** The operator's acts are the platform's to remember; a client's id names its tenant. */
    private void audit(
            Tx tx, String actor, String action, String clientId, Map<String, String> detail)
            throws SQLException {
        audit.record(tx, TenantId.PLATFORM, actor, action, clientId, detail);
    }

    private record Known(ApiClient client, byte[] secretHash, boolean active) {}
}
