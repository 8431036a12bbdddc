package dev.gesher.whatsapp.signup;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.MetaUsers;
import dev.gesher.whatsapp.signup.MetaUserRows.Asked;
import dev.gesher.whatsapp.webhook.SignedRequests;
import dev.gesher.whatsapp.webhook.SignedRequests.Signed;
import jakarta.inject.Singleton;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;

/** Finds by Meta's callbacks the tenants that somebody connected. */
@Singleton
final class StoredMetaUsers implements MetaUsers, Timers.Handler {
    private static final SecureRandom RANDOM = new SecureRandom();
    private static final int CODE_BYTES = 16;

    private static final Meters.Counts CALLBACKS =
            Meters.counts(
                            "gesher.meta.callbacks",
                            "Meta's callbacks about persons who connected tenants",
                            "callback",
                            "outcome")
                    .known("deauthorize", "taken")
                    .known("deauthorize", "refused")
                    .known("data_deletion", "taken")
                    .known("data_deletion", "refused");

    private final SignedRequests requests;
    private final StoredConnections connections;
    private final AccountNews accounts;
    private final Saga saga;
    private final Vault vault;
    private final TenantScope scope;
    private final Timers timers;
    private final AuditLog audit;
    private final Clock clock;

    StoredMetaUsers(
            SignedRequests requests,
            StoredConnections connections,
            AccountNews accounts,
            Saga saga,
            Vault vault,
            TenantScope scope,
            Timers timers,
            AuditLog audit,
            Clock clock) {
        this.requests = requests;
        this.connections = connections;
        this.accounts = accounts;
        this.saga = saga;
        this.vault = vault;
        this.scope = scope;
        this.timers = timers;
        this.audit = audit;
        this.clock = clock;
    }

    @Override
    public boolean deauthorized(String signedRequest) {
        var signed = read(signedRequest, "deauthorize");
        signed.flatMap(StoredMetaUsers::asked).ifPresent(this::doubt);
        return signed.isPresent();
    }

    private Optional<Signed> read(String signedRequest, String callback) {
        var signed = requests.read(signedRequest);
        CALLBACKS.add(1, callback, signed.isPresent() ? "taken" : "refused");
        return signed;
    }

    private static Optional<Asked> asked(Signed signed) {
        return signed.userId().map(user -> new Asked(user, signed.issuedAt()));
    }

    private void doubt(Asked asked) {
        var all = scope.platform(tx -> MetaUserRows.tenantsOf(tx, asked.user()));
        for (int from = 0; from < all.size(); from += TenantScope.MAX_TENANTS) {
            var some = all.subList(from, Math.min(all.size(), from + TenantScope.MAX_TENANTS));
            scope.in(
                    some,
                    tx -> {
                        doubt(tx, some, asked);
                        return true;
                    });
        }
    }

    private void doubt(Tx tx, List<TenantId> tenants, Asked asked) throws SQLException {
        var connected = connections.find(tx, tenants);
        for (var tenant : tenants) {
            var connection = Optional.ofNullable(connected.get(tenant));
            if (connection.filter(StoredMetaUsers::works).isPresent()
                    && MetaUserRows.isConnectedBy(tx, tenant, asked)) {
                accounts.deauthorized(
                        tx,
                        tenant,
                        connection.flatMap(Connection::wabaId).orElseThrow(),
                        connection.flatMap(Connection::phoneNumberId).orElseThrow(),
                        asked.at());
            }
        }
    }

    private static boolean works(Connection connection) {
        return connection.status() == Connection.Status.ACTIVE
                || connection.status() == Connection.Status.INVALID;
    }

    @Override
    public Optional<String> delete(String signedRequest) {
        return read(signedRequest, "data_deletion").map(signed -> keep(asked(signed)));
    }

    private String keep(Optional<Asked> asked) {
        var random = new byte[CODE_BYTES];
        RANDOM.nextBytes(random);
        var code = HexFormat.of().formatHex(random);
        var request = UuidCreator.getTimeOrderedEpoch();
        var now = clock.instant();
        scope.platform(tx -> {
            // Of somebody whom Meta does not name, or we do not know, nothing is left to delete.
            var user = asked.map(Asked::user).orElse("");
            MetaUserRows.ask(tx, code, request, user, asked.map(Asked::at).orElse(now));
            var due = new ArrayList<Timers.Due>();
            for (var tenant : MetaUserRows.tenantsOf(tx, user)) {
                due.add(new Timers.Due(tenant, request, now));
            }
            timers.setAll(tx, MetaUserRows.TIMER, due);
            MetaUserRows.finish(tx, request, now);
            return true;
        });
        return code;
    }

    @Override
    public Optional<Deletion> deletion(String confirmationCode) {
        return scope.platform(tx -> MetaUserRows.isDone(tx, confirmationCode))
                .map(done -> done ? Deletion.DONE : Deletion.UNDER_WAY);
    }

    @Override
    public String kind() {
        return MetaUserRows.TIMER;
    }

    /** Deletes what one tenant has of the person. */
    @Override
    public void due(Tx tx, TenantId tenant, UUID request) throws SQLException {
        var asked = MetaUserRows.asked(tx, request);
        if (asked.isEmpty()) {
            return;
        }
        var now = clock.instant();
        var connection = connections.lock(tx, tenant);
        boolean granted = MetaUserRows.isConnectedBy(tx, tenant, asked.get());
        if (granted) {
            vault.destroy(tx, tenant, SecretName.META_ACCESS_TOKEN);
        }
        boolean connecting =
                AttemptRows.lockOpen(tx, tenant).stream()
                        .anyMatch(row ->
                                asked.get().user().equals(row.metaUserId())
                                        && !row.createdAt().isAfter(asked.get().at()));
        if (connecting) {
            saga.endAll(tx, tenant);
        }
        MetaUserRows.forget(tx, tenant, asked.get());
        audit.record(
                tx,
                tenant,
                "system:meta",
                "meta_user.deleted",
                request.toString(),
                Map.of("token_destroyed", String.valueOf(granted)));
        MetaUserRows.finish(tx, request, now);
        // Last, since it tells of it.
        if (granted && connection.isPresent()) {
            connections.invalidate(
                    tx,
                    tenant,
                    connection.flatMap(Connection::phoneNumberId).orElse(""),
                    ConnectionCause.TOKEN_INVALID,
                    now,
                    now);
        }
    }
}
