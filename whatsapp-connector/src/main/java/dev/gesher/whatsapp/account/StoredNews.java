package dev.gesher.whatsapp.account;

import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountHealth;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.account.Suspicions.Suspicion;
import jakarta.inject.Singleton;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;

/** News, each applied once and about what the tenant is connected with. */
@Singleton
final class StoredNews implements AccountNews {
    private static final Meters.Counts NEWS =
            Meters.counts(
                            "gesher.account.news",
                            "What Meta told of accounts, numbers and templates, by what came of it",
                            "outcome")
                    .known("applied")
                    .known("repeated")
                    .known("outdated")
                    .known("not_ours");

    private final Connections connections;
    private final Effects effects;
    private final Suspicions suspicions;
    private final TenantScope scope;
    private final Clock clock;

    StoredNews(
            Connections connections,
            Effects effects,
            Suspicions suspicions,
            TenantScope scope,
            Clock clock) {
        this.connections = connections;
        this.effects = effects;
        this.suspicions = suspicions;
        this.scope = scope;
        this.clock = clock;
    }

    @Override
    public List<Told> apply(Tx tx, List<Received> received) throws SQLException {
        if (received.isEmpty()) {
            return List.of();
        }
        var fresh = fresh(tx, received);
        var connected = connections.find(tx, fresh.stream().map(Fresh::tenant).distinct().toList());
        var now = clock.instant();
        var told = new ArrayList<Told>();
        var outcomes = new ArrayList<String>();
        for (var one : fresh) {
            var connection = connected.get(one.tenant());
            var done =
                    connection == null
                                    || !(isOfANumber(one.news().fact())
                                            || connection
                                                    .wabaId()
                                                    .equals(Optional.of(one.news().wabaId())))
                            ? Done.NOT_OURS
                            : effects.apply(
                                    new Item(
                                            tx,
                                            one.tenant(),
                                            one.news(),
                                            connection,
                                            one.about(),
                                            now));
            outcomes.add(done.outcome());
            told.addAll(done.told());
        }
        tx.afterCommit(() -> {
            outcomes.forEach(outcome -> NEWS.add(1, outcome));
            NEWS.add(received.size() - outcomes.size(), "repeated");
        });
        return told;
    }

    @Override
    public void deauthorized(
            Tx tx, TenantId tenant, String wabaId, String phoneNumberId, Instant at)
            throws SQLException {
        suspicions.raise(tx, tenant, wabaId, phoneNumberId, Suspicion.DEAUTHORIZED, at);
    }

    /** It came with the number's own id, by which it was found whose it is. */
    private static boolean isOfANumber(AccountFact fact) {
        return fact instanceof AccountFact.NumberError
                || fact instanceof AccountFact.HistoryProgress
                || fact instanceof AccountFact.HistoryRefused;
    }

    @Override
    public AccountHealth health(TenantId tenant) {
        return scope.in(tenant, tx -> HealthRows.read(tx, tenant, clock.instant()));
    }

    private record Fresh(TenantId tenant, String about, News news, byte[] identity) {
        static Fresh of(Received received) {
            var news = (News) received.signal();
            return new Fresh(
                    received.tenant(), received.phoneNumberId(), news, hash(news.identity()));
        }

        String key() {
            return tenant + " " + HexFormat.of().formatHex(identity);
        }
    }

    /** Those that were not applied before; everybody goes through the tenants in one order. */
    private List<Fresh> fresh(Tx tx, List<Received> received) throws SQLException {
        var all =
                received.stream()
                        .map(Fresh::of)
                        .sorted(Comparator.comparing(Fresh::tenant))
                        .toList();
        var taken =
                new HashSet<>(
                        tx.query(
                                """
                                INSERT INTO applied_changes (tenant_id, identity, applied_at)
                                SELECT DISTINCT n.tenant_id, n.identity, ?::timestamptz
                                FROM unnest(?, ?) AS n(tenant_id, identity)
                                ORDER BY n.tenant_id, n.identity
                                ON CONFLICT DO NOTHING
                                RETURNING tenant_id || ' ' || encode(identity, 'hex') AS key
                                """,
                                row -> row.text("key"),
                                clock.instant(),
                                Tx.tenants(all.stream().map(Fresh::tenant).toList()),
                                Tx.byteArrays(all.stream().map(Fresh::identity).toList())));
        // The first of each: the same news may be twice among them.
        return all.stream().filter(one -> taken.remove(one.key())).toList();
    }

    private static byte[] hash(String identity) {
        try {
            return MessageDigest.getInstance("SHA-256")
                    .digest(identity.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }
}
