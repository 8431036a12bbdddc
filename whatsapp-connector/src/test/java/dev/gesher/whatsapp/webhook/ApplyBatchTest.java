package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriter.Bounds;
import dev.gesher.tenant.db.BatchWriter.Result;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.GroupCommitContract;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.webhook.ApplyBatch.Item;
import dev.gesher.whatsapp.webhook.ApplyBatch.Outcome;
import dev.gesher.whatsapp.webhook.Plans.Plan;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/** Applied changes hold to what holds of all that is committed in groups. */
@GesherDatabase
class ApplyBatchTest extends GroupCommitContract<Item> {
    private final TestDatabase database;
    private Connection seeing;

    ApplyBatchTest(TestDatabase database) {
        super(database);
        this.database = database;
    }

    @BeforeEach
    void clear() throws SQLException {
        Webhooks.clear(database);
        seeing = database.connect();
    }

    @AfterEach
    void close() throws SQLException {
        seeing.close();
    }

    @Override
    protected Subject<Item> start(String jdbcUrl) {
        return new Applying(new Webhooks(database, Map.of("datasources.default.url", jdbcUrl)));
    }

    private static final class Applying implements Subject<Item> {
        private final Webhooks webhooks;
        private final List<BatchWriter<Item, Outcome>> writers;
        private int numbers;

        Applying(Webhooks webhooks) {
            this.webhooks = webhooks;
            var all = webhooks.context.getBean(BatchWriters.class);
            var batch =
                    new ApplyBatch(
                            webhooks.context.getBean(Leases.class),
                            webhooks.recorder,
                            webhooks.context.getBean(Clock.class));
            this.writers =
                    List.of(
                            all.start("up", new Bounds(1, 1_000, 1 << 20), batch),
                            all.start("down", new Bounds(1, 1_000, 1 << 20), batch),
                            all.start("narrow", new Bounds(1, NARROW_ITEMS, 1 << 20), batch));
        }

        private String newNumber() {
            var number = "600" + numbers++;
            webhooks.holderOf(number, "8" + number);
            return number;
        }

        /** Changes with a message each, received and read. */
        private List<Item> read(List<String> numbers, String wamid) {
            var bodies = new HashMap<String, String>();
            for (var number : numbers) {
                var id = wamid + UUID.randomUUID();
                bodies.put(id, number);
                webhooks.deliver(
                        Fixtures.text(number, "8" + number, id, Webhooks.SENT.getEpochSecond()));
            }
            while (webhooks.splitter.round()) {}
            var leaseOf =
                    webhooks
                            .context
                            .getBean(Leases.class)
                            .acquireShare("webhook-bucket", Bodies.BUCKETS, Duration.ofMinutes(5))
                            .stream()
                            .collect(Collectors.toMap(Lease::name, lease -> lease));
            var lines =
                    numbers.stream()
                            .distinct()
                            .map(number -> new ChangeRows.LineOf(Bodies.bucket(number), number))
                            .toList();
            var heads =
                    webhooks.scope.platform(tx ->
                            ChangeRows.heads(
                                    tx, ChangeRows.pendingDays(tx), false, lines, Map.of(), 1_000));
            return webhooks.applier.plans(heads).stream()
                    .filter(plan -> bodies.containsKey(wamid(plan)))
                    .map(plan ->
                            new Item(
                                    plan,
                                    Objects.requireNonNull(
                                            leaseOf.get(
                                                    "webhook-bucket:" + plan.change().bucket()))))
                    .toList();
        }

        @Override
        public List<Item> items(int count) {
            return read(IntStream.range(0, count).mapToObj(n -> newNumber()).toList(), "wamid.");
        }

        @Override
        public Item poisoned() {
            return read(List.of(newNumber()), "wamid." + Recorder.REFUSED).getFirst();
        }

        @Override
        public List<Item> again(List<Item> items) {
            return read(items.stream().map(item -> item.plan().change().line()).toList(), "wamid.");
        }

        @Override
        public List<@Nullable Throwable> write(int writer, List<Item> items) {
            var failures = new ArrayList<@Nullable Throwable>();
            for (var result : writers.get(writer).writeAll(items)) {
                failures.add(
                        switch (result) {
                            case Result.Written<Outcome>(var outcome) ->
                                    outcome == Outcome.DONE
                                            ? null
                                            : new AssertionError(outcome.toString());
                            case Result.Failed<Outcome>(var cause) -> cause;
                        });
            }
            return failures;
        }

        @Override
        public long repeats() {
            return writers.stream().mapToLong(writer -> writer.stats().repeats()).sum();
        }

        @Override
        public long waiting(int writer) {
            return writers.get(writer).stats().waitingItems();
        }

        @Override
        public void close() {
            webhooks.close();
        }
    }

    private static TenantId tenant(Item item) {
        return item.plan().tenants().iterator().next();
    }

    private static String wamid(Plan plan) {
        return ((InboundSignal.OfMessage) plan.received().getFirst().signal()).waMessageId();
    }

    @Override
    protected int done(Item item) {
        try (var statement =
                seeing.prepareStatement(
                        "SELECT coalesce(sum(times), 0) FROM heard WHERE tenant_id = ? AND id = ?")) {
            statement.setObject(1, tenant(item).value());
            statement.setString(2, wamid(item.plan()));
            try (var result = statement.executeQuery()) {
                result.next();
                return result.getInt(1);
            }
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Override
    protected void lockARowOf(Item item, Connection connection) throws SQLException {
        try (var statement =
                connection.prepareStatement(
                        "SELECT FROM heard_tenants WHERE tenant_id = ? FOR UPDATE")) {
            statement.setObject(1, tenant(item).value());
            statement.execute();
        }
    }
}
