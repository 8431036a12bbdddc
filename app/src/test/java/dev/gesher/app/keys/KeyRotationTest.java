package dev.gesher.app.keys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.control.Inbound;
import dev.gesher.tenant.EncryptedColumn;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.PhoneNumber;
import java.sql.SQLException;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** The operator rotates keys over HTTP, with everything a tenant can have stored. */
class KeyRotationTest {
    private static final String CUSTOMER = "+972502345678";

    /** Bytes that no tenant's data key encrypts, with what they are. */
    private static final Map<String, String> NOT_CONTENT =
            Map.ofEntries(
                    Map.entry("api_clients.secret_hash", "SHA-256 of 256 random bits"),
                    Map.entry("connect_links.secret_hash", "SHA-256 of 256 random bits"),
                    Map.entry("connect_links.session_hash", "SHA-256 of 256 random bits"),
                    Map.entry("idempotency_keys.fingerprint", "SHA-256 of a request"),
                    Map.entry("applied_changes.identity", "hash of a change"),
                    Map.entry("tenant_keys.wrapped", "wrapped by the key-encryption key"),
                    Map.entry("secrets.ciphertext", "re-encrypted by the vault itself"),
                    Map.entry("scheduled_tasks.task_data", "of the platform's jobs, none has any"),
                    Map.entry("webhook_inbox.body", "under the key of its day"),
                    Map.entry("webhook_changes.payload", "under the key of its day"));

    private static RunningGesher gesher;
    private static TestTenant tenant;
    private static String operator;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        tenant = gesher.newTenant("מאפייה");
        operator = gesher.operatorToken();
        var business = gesher.connect(tenant, "+972 3-555-0101");
        gesher.simulator().control().customerWrites(business.phoneNumberId(), CUSTOMER, "שלום");
        await().untilAsserted(() -> assertThat(texts()).contains("שלום"));
        var image = JsonNodeFactory.instance.objectNode().put("type", "image");
        gesher.simulator()
                .control()
                .customerWrites(Inbound.of(business.phoneNumberId(), CUSTOMER, image));
        await().untilAsserted(() -> assertThat(file().status()).isEqualTo(200));
        hear(business.phoneNumberId());
        send("one");
    }

    /** A contact of the Business app, and an edit of a message that has not come yet. */
    private static void hear(String number) {
        var id = TenantId.of(tenant.tenantId());
        var now = gesher.bean(Clock.class).instant();
        var dana =
                new Person(
                        Optional.of(new PhoneNumber(CUSTOMER)),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.of("דנה לוי"),
                        Optional.empty());
        var heard =
                Stream.<InboundSignal>of(
                                new InboundSignal.AppContact(dana, false, Optional.of("דנה"), now),
                                new InboundSignal.Edit(
                                        "wamid.edit",
                                        "wamid.to come",
                                        dana,
                                        now,
                                        true,
                                        "{\"edit\":{\"message\":{\"type\":\"text\",\"text\":{\"body\":\"שלום\"}}}}"))
                        .map(signal -> new Received(id, number, signal, "test"))
                        .toList();
        gesher.bean(TenantScope.class)
                .in(
                        id,
                        tx -> {
                            gesher.bean(InboundListener.class).apply(tx, heard);
                            return true;
                        });
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    /** A column that is forgotten here would be unreadable once its key is destroyed. */
    @Test
    void every_encrypted_column_is_known() throws SQLException {
        var known =
                gesher.beans(EncryptedColumn.class).stream()
                        .map(it -> it.table() + "." + it.column())
                        .collect(Collectors.toCollection(TreeSet::new));
        assertThat(known).doesNotContainAnyElementsOf(NOT_CONTENT.keySet());
        known.addAll(NOT_CONTENT.keySet());

        assertThat(
                        rows(
                                """
                                SELECT c.relname || '.' || a.attname FROM pg_attribute a
                                JOIN pg_class c ON c.oid = a.attrelid
                                JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'public'
                                WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.atttypid = 'bytea'::regtype
                                    AND a.attnum > 0 AND NOT a.attisdropped
                                """))
                .containsExactlyInAnyOrderElementsOf(known);
    }

    @Test
    void content_is_encrypted_anew_and_old_keys_are_destroyed() throws SQLException {
        var before = versionsOfContent();
        assertThat(before.keySet())
                .as("something is stored in every encrypted column")
                .containsExactlyInAnyOrderElementsOf(
                        gesher.beans(EncryptedColumn.class).stream()
                                .map(it -> it.table() + "." + it.column())
                                .toList());
        var texts = texts();
        var file = file().response().body();
        var answer = send("one").text();
        int newest = newestVersion() + 1;

        var asked = rotate(Map.of("layer", "data_keys", "destroy_old_keys", true));
        assertThat(asked.status()).as(asked.text()).isEqualTo(202);
        var id = asked.at("/rotation_id");
        assertThat(
                        gesher.post(
                                "/v1/operator/key-rotations",
                                operator,
                                Map.of("layer", "data_keys")))
                .returns(409, Answer::status)
                .returns("key_rotation_under_way", it -> it.at("/code"))
                .returns(id, it -> it.at("/rotation_id"));
        await().untilAsserted(() ->
                assertThat(rows("SELECT step FROM key_rotations WHERE finished_at IS NULL"))
                        .containsExactly("settle"));
        assertThat(find(id)).returns("running", it -> it.at("/state"));
        threeMinutesLater();
        await().untilAsserted(() -> assertThat(find(id)).returns("done", it -> it.at("/state")));

        var done = find(id);
        assertThat(done.at("/total")).isEqualTo("2");
        assertThat(done.at("/done")).isEqualTo("2");
        assertThat(done.at("/failed")).isEqualTo("0");
        assertThat(done.json().at("/values_reencrypted").asInt()).isGreaterThan(5);
        versionsOfContent()
                .forEach((column, versions) ->
                        assertThat(versions).as(column).containsExactly(newest));
        assertThat(rows("SELECT version::text FROM tenant_keys WHERE kind = 'data'"))
                .containsOnly(Integer.toString(newest));
        assertThat(texts()).isEqualTo(texts);
        assertThat(file().response().body()).isEqualTo(file);
        assertThat(send("one").text()).as("a replay").isEqualTo(answer);
        assertThat(send("two").status()).isEqualTo(202);
        assertThat(
                        rows(
                                """
                                SELECT DISTINCT action FROM audit_log WHERE actor = 'system:key-rotation'
                                    OR action = 'key_rotation.requested'
                                """))
                .contains(
                        "key_rotation.requested",
                        "keys.rotated",
                        "keys.old_destroyed",
                        "key_rotation.ended");
    }

    @Test
    void a_rotation_of_the_outer_key_is_listed_and_ends() {
        var asked = rotate(Map.of("layer", "key_encryption_key"));
        assertThat(asked.status()).as(asked.text()).isEqualTo(202);
        await().untilAsserted(() ->
                assertThat(find(asked.at("/rotation_id"))).returns("done", it -> it.at("/state")));
        var again = rotate(Map.of("layer", "key_encryption_key"));
        var page = gesher.get("/v1/operator/key-rotations?limit=1", operator);
        assertThat(page.at("/data/0/rotation_id")).isEqualTo(again.at("/rotation_id"));
        var next =
                gesher.get(
                        "/v1/operator/key-rotations?limit=1&cursor=" + page.at("/next_cursor"),
                        operator);
        assertThat(next.at("/data/0/rotation_id")).isNotEqualTo(again.at("/rotation_id"));
        assertThat(gesher.get("/v1/operator/key-rotations?cursor=x", operator).status())
                .isEqualTo(400);
        await().untilAsserted(() ->
                assertThat(find(again.at("/rotation_id"))).returns("done", it -> it.at("/state")));
    }

    @Test
    void what_makes_no_sense_is_refused() {
        assertThat(rotate(Map.of()).status()).isEqualTo(400);
        assertThat(rotate(Map.of("layer", "everything")).status()).isEqualTo(400);
        var id = tenant.tenantId();
        assertThat(rotate(Map.of("layer", "key_encryption_key", "tenant_id", id)).at("/pointer"))
                .isEqualTo("/tenant_id");
        assertThat(rotate(Map.of("layer", "key_encryption_key", "destroy_old_keys", true)))
                .returns("/destroy_old_keys", it -> it.at("/pointer"));
        for (var nobody :
                List.of(
                        "00000000-0000-0000-0000-000000000000",
                        "00000000-0000-0000-0000-000000000001")) {
            assertThat(rotate(Map.of("layer", "data_keys", "tenant_id", nobody)).status())
                    .isEqualTo(404);
        }
        assertThat(find("00000000-0000-0000-0000-000000000001").status()).isEqualTo(404);
        assertThat(find("x").status()).isEqualTo(404);
    }

    private static Answer rotate(Map<String, ?> body) {
        return gesher.post("/v1/operator/key-rotations", operator, body);
    }

    private static Answer find(String id) {
        return gesher.get("/v1/operator/key-rotations/" + id, operator);
    }

    private static Answer send(String key) {
        var answer =
                gesher.post(
                        "/v1/messages",
                        tenant.token(),
                        Operations.message(CUSTOMER),
                        "Idempotency-Key",
                        key);
        assertThat(answer.status()).as(answer.text()).isEqualTo(202);
        return answer;
    }

    /** What the tenant reads: its conversation, with the customer's name, and every message. */
    private static String texts() {
        var conversations = gesher.get("/v1/conversations", tenant.token());
        var id = conversations.at("/data/0/conversation_id");
        return conversations.at("/data/0/customer_name")
                + gesher.get("/v1/conversations/" + id + "/messages", tenant.token())
                        .json()
                        .at("/data")
                        .findValues("content");
    }

    /** What came with the customer's message. */
    private static Answer file() {
        var conversations = gesher.get("/v1/conversations", tenant.token());
        var messages =
                gesher.get(
                        "/v1/conversations/"
                                + conversations.at("/data/0/conversation_id")
                                + "/messages",
                        tenant.token());
        var ids = messages.json().at("/data").findValuesAsText("media_id");
        return gesher.get("/v1/media/" + (ids.isEmpty() ? "none" : ids.getFirst()), tenant.token());
    }

    private static Map<String, Set<Integer>> versionsOfContent() {
        var id = TenantId.of(tenant.tenantId());
        return gesher.bean(TenantScope.class)
                .in(
                        id,
                        tx -> {
                            var versions = new java.util.HashMap<String, Set<Integer>>();
                            for (var column : gesher.beans(EncryptedColumn.class)) {
                                for (var cell : column.lockNext(tx, id, "", 1000)) {
                                    versions.computeIfAbsent(
                                                    column.table() + "." + column.column(),
                                                    _ -> new TreeSet<>())
                                            .add((int) cell.value()[4]);
                                }
                            }
                            return versions;
                        });
    }

    private static int newestVersion() throws SQLException {
        return Integer.parseInt(
                rows("SELECT max(version)::text FROM tenant_keys WHERE kind = 'data'").getFirst());
    }

    private static void threeMinutesLater() throws SQLException {
        try (var administrator = gesher.database().connectAsAdministrator();
                var statement = administrator.createStatement()) {
            statement.execute("UPDATE tenant_keys SET encrypts_from = '-infinity'");
            statement.execute(
                    "UPDATE key_rotations SET keys_made_at = keys_made_at - interval '3 minutes'");
        }
    }

    private static List<String> rows(String sql) throws SQLException {
        try (var administrator = gesher.database().connectAsAdministrator();
                var statement = administrator.createStatement();
                var result = statement.executeQuery(sql)) {
            var rows = new ArrayList<String>();
            while (result.next()) {
                rows.add(result.getString(1));
            }
            return rows;
        }
    }
}
