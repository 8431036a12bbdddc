package dev.gesher.tenant.db;

import dev.gesher.tenant.Meters;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/** Leases in the table {@code leases}; every process holds them under a random name of its own. */
@Singleton
final class DatabaseLeases implements Leases {
    private static final Meters.Counts TAKEN =
            Meters.counts(
                    "gesher.lease.takeovers", "Leases that came from another holder", "lease");

    private final ConcurrentHashMap<String, Long> tokens = new ConcurrentHashMap<>();
    private final TenantScope scope;
    private final String holder = UUID.randomUUID().toString();

    DatabaseLeases(TenantScope scope) {
        this.scope = scope;
    }

    @Override
    public Optional<Lease> acquire(String name, Duration length) {
        var lease = acquireNow(name, length);
        lease.ifPresent(held -> {
            Long before = tokens.put(name, held.token());
            // The first of a fresh database was nobody's.
            boolean ours = before == null ? held.token() == 1 : before == held.token();
            TAKEN.add(ours ? 0 : 1, name);
        });
        return lease;
    }

    private Optional<Lease> acquireNow(String name, Duration length) {
        // clock_timestamp, not now(): the statement may have waited for the row.
        return scope.platform(tx ->
                tx.one(
                        """
                        INSERT INTO leases AS l (lease_name, holder, token, expires_at)
                        VALUES (?, ?, 1, clock_timestamp() + ? * interval '1 ms')
                        ON CONFLICT (lease_name) DO UPDATE SET
                            holder = excluded.holder,
                            token = l.token + CASE WHEN l.holder = excluded.holder THEN 0 ELSE 1 END,
                            expires_at = clock_timestamp() + ? * interval '1 ms'
                        WHERE l.holder = excluded.holder OR l.expires_at <= clock_timestamp()
                        RETURNING token
                        """,
                        row -> new Lease(name, row.longInteger("token")),
                        name,
                        holder,
                        length.toMillis(),
                        length.toMillis()));
    }

    @Override
    public boolean holds(Tx tx, Lease lease) throws SQLException {
        return held(tx, List.of(lease)).contains(lease);
    }

    @Override
    public Set<Lease> held(Tx tx, Collection<Lease> leases) throws SQLException {
        // No look at the time: while the row is locked nobody can take it over, and if somebody had
        // the token would be another. A shared lock suffices for that, and transactions of the same
        // holder do not wait for each other.
        var held = new HashSet<>(leases);
        held.retainAll(
                tx.query(
                        """
                        SELECT lease_name, token FROM leases
                        WHERE lease_name = ANY(?) AND holder = ? ORDER BY lease_name FOR SHARE
                        """,
                        row -> new Lease(row.text("lease_name"), row.longInteger("token")),
                        Tx.texts(leases.stream().map(Lease::name).toList()),
                        holder));
        return held;
    }

    @Override
    public void release(Lease lease) {
        scope.platform(tx ->
                tx.update(
                        """
                        UPDATE leases SET holder = NULL, expires_at = '-infinity'
                        WHERE lease_name = ? AND holder = ? AND token = ?
                        """,
                        lease.name(),
                        holder,
                        lease.token()));
    }

    @Override
    public List<Lease> acquireShare(String group, int count, Duration length) {
        var names = IntStream.range(0, count).mapToObj(n -> group + ":" + n).toList();
        return scope.platform(tx -> {
            int share = Math.ceilDiv(count, announce(tx, group, length));
            var ours = renewed(tx, names, length);
            if (ours.size() > share) {
                giveBack(tx, ours.subList(share, ours.size()));
                return List.copyOf(ours.subList(0, share));
            }
            var all = new ArrayList<>(ours);
            if (ours.size() < share) {
                var taken = taken(tx, names, share - ours.size(), length);
                tx.afterCommit(
                        () -> TAKEN.add(taken.stream().filter(l -> l.token() > 1).count(), group));
                all.addAll(taken);
            }
            return List.copyOf(all);
        });
    }

    @Override
    public int takePart(String group, Duration length) {
        return scope.platform(tx -> announce(tx, group, length));
    }

    @Override
    public void releaseShare(String group) {
        scope.platform(tx -> {
            tx.update(
                    """
                    UPDATE leases SET holder = NULL, expires_at = '-infinity'
                    WHERE holder = ? AND starts_with(lease_name, ?)
                    """,
                    holder,
                    group + ":");
            return tx.update("DELETE FROM leases WHERE lease_name = ?", presence(group, holder));
        });
    }

    private static String presence(String group, String holder) {
        return group + "?" + holder;
    }

    /** Says that this process takes part in the group; returns how many do. */
    private int announce(Tx tx, String group, Duration length) throws SQLException {
        tx.update(
                """
                INSERT INTO leases (lease_name, holder, token, expires_at)
                VALUES (?, ?, 1, clock_timestamp() + ? * interval '1 ms')
                ON CONFLICT (lease_name) DO UPDATE SET expires_at = excluded.expires_at
                """,
                presence(group, holder),
                holder,
                length.toMillis());
        return tx.query(
                        """
                        SELECT count(*)::int AS members FROM leases
                        WHERE starts_with(lease_name, ?) AND expires_at > clock_timestamp()
                        """,
                        row -> row.integer("members"),
                        group + "?")
                .getFirst();
    }

    private List<Lease> renewed(Tx tx, List<String> names, Duration length) throws SQLException {
        // A lease whose row is locked is being used to record work by us, or taken over: it is
        // renewed next time.
        tx.update(
                """
                WITH ours AS (
                    SELECT lease_name FROM leases WHERE lease_name = ANY(?) AND holder = ?
                    ORDER BY lease_name FOR UPDATE SKIP LOCKED)
                UPDATE leases l SET expires_at = clock_timestamp() + ? * interval '1 ms'
                FROM ours WHERE l.lease_name = ours.lease_name
                """,
                Tx.texts(names),
                holder,
                length.toMillis());
        return tx.query(
                """
                SELECT lease_name, token FROM leases
                WHERE lease_name = ANY(?) AND holder = ? ORDER BY lease_name
                """,
                row -> new Lease(row.text("lease_name"), row.longInteger("token")),
                Tx.texts(names),
                holder);
    }

    private List<Lease> taken(Tx tx, List<String> names, int most, Duration length)
            throws SQLException {
        tx.update(
                """
                INSERT INTO leases (lease_name) SELECT name FROM unnest(?) AS name
                WHERE NOT EXISTS (SELECT FROM leases l WHERE l.lease_name = name)
                ON CONFLICT DO NOTHING
                """,
                Tx.texts(names));
        return tx.query(
                """
                WITH free AS (
                    SELECT lease_name FROM leases
                    WHERE lease_name = ANY(?) AND expires_at <= clock_timestamp()
                      AND holder IS DISTINCT FROM ?
                    ORDER BY lease_name LIMIT ? FOR UPDATE SKIP LOCKED)
                UPDATE leases l SET holder = ?, token = l.token + 1,
                    expires_at = clock_timestamp() + ? * interval '1 ms'
                FROM free WHERE l.lease_name = free.lease_name
                RETURNING l.lease_name, l.token
                """,
                row -> new Lease(row.text("lease_name"), row.longInteger("token")),
                Tx.texts(names),
                holder,
                most,
                holder,
                length.toMillis());
    }

    private void giveBack(Tx tx, List<Lease> surplus) throws SQLException {
        // One that is locked is given back next time.
        tx.update(
                """
                UPDATE leases l SET holder = NULL, expires_at = '-infinity'
                FROM (SELECT lease_name FROM leases WHERE lease_name = ANY(?) AND holder = ?
                      ORDER BY lease_name FOR UPDATE SKIP LOCKED) AS ours
                WHERE l.lease_name = ours.lease_name
                """,
                Tx.texts(surplus.stream().map(Lease::name).toList()),
                holder);
    }
}
