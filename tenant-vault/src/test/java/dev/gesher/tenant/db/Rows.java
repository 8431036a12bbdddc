package dev.gesher.tenant.db;

import com.google.errorprone.annotations.CompileTimeConstant;
import dev.gesher.tenant.KeyServiceUnavailableException;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.TestDatabase;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;

/** A table of its own that tests of the batch writer write to, and the batch that does. */
final class Rows implements BatchWriter.Batch<Rows.Item, String> {
    /** What the decide code refuses by an exception. */
    static final String BUG = "bug";

    /** What needs a key that the key service does not open. */
    static final String KEYLESS = "keyless";

    /** What takes longer than a statement may. */
    static final String SLOW = "slow";

    /** What the table refuses. */
    static final String POISON = "poison";

    /**
     * @param counter a row that is counted up, shared with other items
     */
    record Item(UUID id, TenantId tenant, String note, int counter) {
        static Item of(TenantId tenant, String note) {
            return new Item(UUID.randomUUID(), tenant, note, tenant.hashCode());
        }
    }

    /** How many batches were written at once at most. */
    final AtomicInteger mostAtOnce = new AtomicInteger();

    private final AtomicInteger atOnce = new AtomicInteger();
    final List<List<Item>> batches = new CopyOnWriteArrayList<>();
    private volatile CountDownLatch gate = new CountDownLatch(0);

    static TenantId aTenant() {
        return new TenantId(UUID.randomUUID());
    }

    static void createTables(TestDatabase database) throws SQLException {
        try (var connection = database.connect()) {
            run(
                    connection,
                    """
                    CREATE TABLE IF NOT EXISTS batch_rows (
                        id uuid PRIMARY KEY, tenant_id uuid NOT NULL, note text NOT NULL CHECK (note <> 'poison'));
                    CREATE TABLE IF NOT EXISTS batch_counters (counter int PRIMARY KEY, value int NOT NULL);
                    TRUNCATE batch_rows, batch_counters;
                    """);
        }
    }

    static void run(Connection connection, @CompileTimeConstant final String sql)
            throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static int count(TestDatabase database, @CompileTimeConstant final String sql) {
        try (var connection = database.connect();
                var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getInt(1);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    /** Holds all batches that begin from now on. */
    void hold() {
        gate = new CountDownLatch(1);
    }

    void letGo() {
        gate.countDown();
    }

    @Override
    public Set<TenantId> tenants(Item item) {
        return Set.of(item.tenant());
    }

    @Override
    public long bytes(Item item) {
        return item.note().length();
    }

    @Override
    public List<String> write(Tx tx, List<Item> items) throws SQLException {
        mostAtOnce.accumulateAndGet(atOnce.incrementAndGet(), Math::max);
        try {
            return writeOne(tx, items);
        } finally {
            atOnce.decrementAndGet();
        }
    }

    private List<String> writeOne(Tx tx, List<Item> items) throws SQLException {
        batches.add(List.copyOf(items));
        try {
            gate.await();
        } catch (InterruptedException e) {
            throw new AssertionError(e);
        }
        for (var item : items) {
            if (item.note().equals(BUG)) {
                throw new IllegalArgumentException("a bug");
            }
            if (item.note().equals(KEYLESS)) {
                throw new KeyServiceUnavailableException("not this key", new RuntimeException());
            }
            if (item.note().equals(SLOW)) {
                tx.query("SELECT pg_sleep(30)::text AS slept", row -> row.text("slept"));
            }
        }
        var counters = new ArrayList<>(items.stream().map(Item::counter).distinct().toList());
        tx.lockInOrder(
                "SELECT FROM batch_counters WHERE counter = ANY(?) ORDER BY counter FOR UPDATE",
                Tx.integers(counters));
        var fresh =
                tx.query(
                        """
                        INSERT INTO batch_rows (id, tenant_id, note)
                        SELECT * FROM unnest(?, ?, ?)
                        ON CONFLICT (id) DO NOTHING RETURNING id
                        """,
                        row -> row.uuid("id"),
                        Tx.uuids(items.stream().map(Item::id).toList()),
                        Tx.tenants(items.stream().map(Item::tenant).toList()),
                        Tx.texts(items.stream().map(Item::note).toList()));
        var counted = items.stream().filter(item -> fresh.contains(item.id())).toList();
        tx.update(
                """
                INSERT INTO batch_counters AS c (counter, value)
                SELECT counter, count(*) FROM unnest(?) AS counter GROUP BY counter ORDER BY counter
                ON CONFLICT (counter) DO UPDATE SET value = c.value + excluded.value
                """,
                Tx.integers(counted.stream().map(Item::counter).toList()));
        return items.stream().map(item -> "written " + item.note()).toList();
    }

    static List<Item> some(int count, TenantId tenant) {
        return IntStream.range(0, count).mapToObj(n -> Item.of(tenant, "note " + n)).toList();
    }
}
