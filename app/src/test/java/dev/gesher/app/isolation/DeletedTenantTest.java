package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.isolation.Neighbours.Side;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What is left of a tenant that was deleted, and what becomes of those beside it. */
class DeletedTenantTest {
    private static final Duration SOON = Duration.ofSeconds(5);
    private static final String CUSTOMER = "+972502345678";

    private Neighbours neighbours;
    private RunningGesher gesher;
    private Side theirs;
    private Side mine;
    private String operator;

    @BeforeEach
    void start() {
        neighbours = Neighbours.start();
        gesher = neighbours.gesher();
        theirs = neighbours.theirs();
        mine = neighbours.mine();
        operator = gesher.operatorToken();
    }

    @AfterEach
    void stop() {
        neighbours.close();
    }

    private Answer delete(RunningGesher gesher, Side side) {
        return gesher.delete("/v1/tenants/" + side.tenantId(), operator);
    }

    private static Answer receipt(RunningGesher gesher, String tenantId) {
        return gesher.get("/v1/operator/deletions/" + tenantId, gesher.operatorToken());
    }

    @Test
    void nothing_of_it_is_left_but_its_receipt() throws SQLException, IOException {
        assertThat(tablesWith(theirs.tenantId()))
                .contains("whatsapp_messages", "audit_log", "secrets", "lanes", "number_bindings");

        var files = gesher.settings().mediaStorage().dir().resolve("objects");
        assertThat(files.resolve(theirs.tenantId())).exists();

        var deleted = delete(gesher, theirs);

        assertThat(deleted.status()).as(deleted.text()).isEqualTo(200);
        assertThat(deleted.at("/keys_destroyed_at")).isNotEmpty();
        assertThat(deleted.json().at("/rows_deleted_at").isNull()).isTrue();
        assertThat(deleted.at("/meta/unsubscribed")).isEqualTo("done");
        assertThat(deleted.at("/meta/token_revoked")).isEqualTo("kept");
        assertThat(deleted.at("/backups")).isNotBlank();
        assertThat(gesher.get("/v1/conversations", theirs.token()).status()).isEqualTo(401);
        assertThat(gesher.get("/v1/tenants/" + theirs.tenantId(), operator).status())
                .isEqualTo(404);
        assertThat(
                        gesher.token(
                                        Map.of(
                                                "grant_type",
                                                "client_credentials",
                                                "client_id",
                                                theirs.tenant().clientId(),
                                                "client_secret",
                                                theirs.tenant().clientSecret()))
                                .status())
                .isEqualTo(401);
        assertThat(idsIn(gesher.settings().deletedTenantsFile()))
                .containsExactly(theirs.tenantId());
        assertThat(count("SELECT count(*) FROM tenant_keys WHERE tenant_id = ?", theirs)).isZero();

        await().atMost(Duration.ofSeconds(40))
                .until(() ->
                        !receipt(gesher, theirs.tenantId()).json().at("/rows_deleted_at").isNull());
        assertThat(tablesWith(theirs.tenantId()))
                .containsExactlyInAnyOrder(
                        "tenant_directory", "tenant_deletions", "notices", "webhook_changes");
        assertThat(files.resolve(theirs.tenantId())).doesNotExist();
        assertThat(files.resolve(mine.tenantId())).exists();
        assertThat(anywhere(theirs.tenantId()))
                .as("its id in another column than tenant_id")
                .containsExactlyInAnyOrder("audit_log.object");
        var again = delete(gesher, theirs);
        assertThat(again.status()).isEqualTo(200);
        assertThat(again.at("/receipt_id")).isEqualTo(deleted.at("/receipt_id"));
        assertThat(again.text()).isEqualTo(receipt(gesher, theirs.tenantId()).text());
        assertThat(idsIn(gesher.settings().deletedTenantsFile())).hasSize(1);
        assertThat(gesher.get("/v1/operator/audit", operator).json().at("/data").toString())
                .contains("tenant.deleted", "tenant.created", theirs.tenantId());
        assertThat(
                        gesher.get("/v1/operator/audit?tenant_id=" + theirs.tenantId(), operator)
                                .status())
                .isEqualTo(404);

        assertThat(delete(gesher, mine).status()).isEqualTo(200);
        assertThat(receipt(gesher, UUID.randomUUID().toString()).status()).isEqualTo(404);
        assertThat(gesher.delete("/v1/tenants/" + UUID.randomUUID(), operator).status())
                .isEqualTo(404);
        assertThat(gesher.delete("/v1/tenants/" + TenantId.PLATFORM, operator).status())
                .isEqualTo(404);
    }

    @Test
    void its_number_is_free_and_what_comes_late_is_nobodys() throws SQLException {
        var number = theirs.business().phoneNumberId();
        // Meta goes on sending: it did not hear that we left.
        gesher.simulator()
                .control()
                .addFault(Match.any().path("DELETE .*/subscribed_apps$"), Effect.drop(Drop.BEFORE));
        delete(gesher, theirs);

        gesher.simulator().control().customerWrites(number, CUSTOMER, "מאוחר");
        await().until(() ->
                count(
                                "SELECT count(*) FROM webhook_changes WHERE state = 'parked' AND phone_number_id = ?",
                                number)
                        == 1);
        // Meta's times are whole seconds: what is of the second in which a binding begins is its.
        var seconds = Clock.tickSeconds(ZoneOffset.UTC);
        var second = seconds.instant();
        await().until(() -> seconds.instant().isAfter(second));
        var successor = gesher.newTenant("successor");
        var connected =
                gesher.connect(
                        successor,
                        theirs.business(),
                        gesher.simulator().control().mintToken(theirs.business().wabaId()));
        assertThat(connected.status()).as(connected.text()).isEqualTo(200);

        // By Meta's whole seconds what comes now may still be of the old second.
        await().pollInterval(Duration.ofMillis(500))
                .until(() -> {
                    gesher.simulator().control().customerWrites(number, "+972509999999", "חדש");
                    return gesher.get("/v1/conversations", successor.token())
                                    .json()
                                    .at("/data")
                                    .size()
                            == 1;
                });
        assertThat(gesher.get("/v1/conversations", successor.token()).text())
                .doesNotContain(CUSTOMER);
        assertThat(count("SELECT count(*) FROM webhook_changes WHERE state = 'dead'")).isZero();
    }

    @Test
    void meta_being_away_holds_nothing_up_and_the_receipt_says_so() {
        gesher.simulator()
                .control()
                .addFault(Match.any().path("DELETE .*/subscribed_apps$"), Effect.drop(Drop.BEFORE));

        var deleted = delete(gesher, theirs);

        assertThat(deleted.status()).as(deleted.text()).isEqualTo(200);
        assertThat(deleted.at("/keys_destroyed_at")).isNotEmpty();
        assertThat(deleted.at("/meta/unsubscribed")).isEqualTo("no_answer");
        assertThat(deleted.at("/meta/token_revoked")).isEqualTo("no_answer");
    }

    @Test
    void another_replica_refuses_its_tokens_and_keeps_its_id_too() {
        var file = RunningGesher.newFolder().resolve("of/its/own/deleted");
        try (var other = gesher.replica(Map.of("GESHER_DELETED_TENANTS_FILE", file.toString()))) {
            assertThat(other.get("/v1/conversations", theirs.token()).status()).isEqualTo(200);

            delete(gesher, theirs);

            await().atMost(SOON)
                    .until(() ->
                            other.get("/v1/conversations", theirs.token()).status() == 401
                                    && idsIn(file).equals(List.of(theirs.tenantId())));
            assertThat(receipt(other, theirs.tenantId()).status()).isEqualTo(200);
        }
        // One that starts later learns of it too.
        var later = RunningGesher.newFolder().resolve("deleted");
        try (var _ = gesher.replica(Map.of("GESHER_DELETED_TENANTS_FILE", later.toString()))) {
            await().atMost(SOON).until(() -> idsIn(later).equals(List.of(theirs.tenantId())));
        }
    }

    /** As after a kill -9 between the two: whoever has workers goes on. */
    @Test
    void what_a_process_only_asked_for_another_carries_out() throws SQLException {
        execute(
                "INSERT INTO tenant_deletions (tenant_id, receipt_id, requested_by, requested_at, next_look_at)"
                        + " VALUES ('"
                        + theirs.tenantId()
                        + "', '"
                        + UUID.randomUUID()
                        + "', 'operator:operator', now(), now())");

        await().atMost(Duration.ofSeconds(20))
                .until(() -> gesher.get("/v1/conversations", theirs.token()).status() == 401);
        await().atMost(Duration.ofSeconds(20)).until(() -> messages(theirs) == 0);
        assertThat(receipt(gesher, theirs.tenantId()).at("/keys_destroyed_at")).isNotEmpty();
    }

    @Test
    void others_neither_fail_nor_wait_while_it_is_deleted() throws Exception {
        var stop = new AtomicBoolean();
        var failures = new CopyOnWriteArrayList<String>();
        var threads = new ArrayList<Thread>();
        var sent = new CopyOnWriteArrayList<String>();
        for (int n = 0; n < 3; n++) {
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                while (!stop.get()) {
                                    var ours = send(mine);
                                    if (ours.status() != 202) {
                                        failures.add(ours.toString());
                                    }
                                    sent.add(ours.at("/message_id"));
                                }
                            }));
            threads.add(
                    Thread.ofVirtual()
                            .start(() -> {
                                while (!stop.get()) {
                                    var gone = send(theirs);
                                    if (!Set.of(202, 401, 422).contains(gone.status())) {
                                        failures.add(gone.toString());
                                    }
                                    gesher.simulator()
                                            .control()
                                            .customerWrites(
                                                    theirs.business().phoneNumberId(),
                                                    CUSTOMER,
                                                    "שלום");
                                    gesher.simulator()
                                            .control()
                                            .customerWrites(
                                                    mine.business().phoneNumberId(),
                                                    CUSTOMER,
                                                    "שלום");
                                }
                            }));
        }
        await().until(() -> sent.size() > 20);

        assertThat(delete(gesher, theirs).status()).isEqualTo(200);

        int before = sent.size();
        await().until(() -> sent.size() > before + 20);
        stop.set(true);
        for (var thread : threads) {
            thread.join();
        }
        assertThat(failures).isEmpty();
        await().atMost(Duration.ofSeconds(30))
                .until(() ->
                        count("SELECT count(*) FROM webhook_changes WHERE state = 'pending'") == 0);
        assertThat(count("SELECT count(*) FROM webhook_changes WHERE state = 'dead'")).isZero();
        await().atMost(Duration.ofSeconds(40))
                .until(() ->
                        !receipt(gesher, theirs.tenantId()).json().at("/rows_deleted_at").isNull());
        assertThat(messages(theirs)).isZero();
        assertThat(count("SELECT count(*) FROM events WHERE tenant_id = ?", theirs)).isZero();
        assertThat(count("SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ?", mine))
                .isGreaterThan(sent.size());
    }

    private Answer send(Side side) {
        return gesher.post("/v1/messages", side.token(), Operations.message(CUSTOMER));
    }

    /** A restored database has the tenant and no receipt, or has never heard of it. */
    @Test
    void a_list_of_deleted_tenants_is_applied_to_what_a_backup_brought_back() throws SQLException {
        var deletions = gesher.bean(TenantDeletions.class);
        var there = new TenantId(UUID.fromString(theirs.tenantId()));
        var never = new TenantId(UUID.randomUUID());

        deletions.applyDeleted(Set.of(there, never));

        assertThat(gesher.get("/v1/conversations", theirs.token()).status()).isEqualTo(401);
        var receipt = deletions.find(there).orElseThrow();
        assertThat(receipt.keysDestroyedAt()).isPresent();
        assertThat(receipt.left()).isEmpty();
        assertThat(receipt(gesher, theirs.tenantId()).status()).isEqualTo(200);
        deletions.applyDeleted(Set.of(there, never));
        assertThat(deletions.find(there).orElseThrow().id()).isEqualTo(receipt.id());
        assertThat(deletions.find(never)).isPresent();
        await().atMost(Duration.ofSeconds(20)).until(() -> messages(theirs) == 0);
        assertThat(gesher.get("/v1/conversations", mine.token()).status()).isEqualTo(200);
    }

    private long messages(Side side) throws SQLException {
        return count("SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ?", side);
    }

    private static List<String> idsIn(Path file) {
        try {
            return Files.exists(file) ? Files.readAllLines(file) : List.of();
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private long count(String sql, Side side) throws SQLException {
        return count(sql, UUID.fromString(side.tenantId()));
    }

    private long count(String sql, Object... arguments) throws SQLException {
        try (var connection = gesher.database().connectAsAdministrator();
                var statement = connection.prepareStatement(sql)) {
            for (int n = 0; n < arguments.length; n++) {
                statement.setObject(n + 1, arguments[n]);
            }
            try (var rows = statement.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        }
    }

    private void execute(String sql) throws SQLException {
        try (var connection = gesher.database().connectAsAdministrator();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private List<String> texts(String sql) throws SQLException {
        try (var connection = gesher.database().connectAsAdministrator();
                var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var texts = new ArrayList<String>();
            while (rows.next()) {
                texts.add(rows.getString(1));
            }
            return texts;
        }
    }

    /** Every table of the catalogue that has a column tenant_id and in it this tenant. */
    private List<String> tablesWith(String tenantId) throws SQLException {
        var found = new ArrayList<String>();
        for (var table :
                texts(
                        """
                        SELECT table_name FROM information_schema.columns
                        WHERE table_schema = 'public' AND column_name = 'tenant_id'
                            AND NOT (SELECT relispartition FROM pg_class WHERE oid = table_name::regclass)
                        """)) {
            if (count(
                            "SELECT count(*) FROM " + table + " WHERE tenant_id = ?",
                            UUID.fromString(tenantId))
                    > 0) {
                found.add(table);
            }
        }
        return found;
    }

    /** Columns of any other name whose text holds the tenant's id. */
    private List<String> anywhere(String tenantId) throws SQLException {
        var found = new ArrayList<String>();
        for (var column :
                texts(
                        """
                        SELECT table_name || '.' || column_name FROM information_schema.columns
                        WHERE table_schema = 'public' AND column_name <> 'tenant_id'
                            AND data_type IN ('text', 'uuid', 'jsonb')
                            AND NOT (SELECT relispartition FROM pg_class WHERE oid = table_name::regclass)
                        """)) {
            var parts = column.split("\\.", -1);
            if (count(
                            "SELECT count(*) FROM "
                                    + parts[0]
                                    + " WHERE "
                                    + parts[1]
                                    + "::text LIKE '%"
                                    + tenantId
                                    + "%'")
                    > 0) {
                found.add(column);
            }
        }
        return found;
    }
}
