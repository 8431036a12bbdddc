package dev.gesher.app.retention;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.RunningGesher;
import dev.gesher.tenant.db.Retained;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * What is old goes and nothing else: rows of random ages, looked at after the tenant's timer has
 * run. The clock stands in the past, where the database's own clock does not protect the audit.
 */
class RetentionTest {
    private static final Instant BEGIN = Instant.parse("2020-01-01T12:00:00Z");
    private static final String PLATFORM = "00000000-0000-0000-0000-000000000000";

    /** How rows of a kind are made and found again; {@code $id} is a UUID, {@code $n} a number. */
    private static final Map<String, List<String>> PLANTED =
            Map.ofEntries(
                    Map.entry(
                            "messages",
                            List.of(
                                    """
                                    INSERT INTO whatsapp_messages (tenant_id, message_id, direction, type, status, stage,
                                        phone_number_id, accepted_at)
                                    VALUES ('$tenant', '$id', 'inbound', 'text', 'received', 'done', '1', '$at');
                                    INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route, started_at)
                                    VALUES ('$tenant', '$id', 1, 1, 'freeform', '$at')
                                    """,
                                    "SELECT message_id FROM whatsapp_messages WHERE tenant_id = '$tenant'",
                                    "SELECT message_id FROM whatsapp_message_attempts WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "amendments",
                            List.of(
                                    """
                                    INSERT INTO message_amendments (tenant_id, amendment_id, wa_message_id, original_wa_message_id, kind,
                                        from_customer, at, applied, received_at)
                                    VALUES ('$tenant', '$id', '$id', 'x', 'edit', true, '$at', true, '$at')
                                    """,
                                    "SELECT amendment_id FROM message_amendments WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "events",
                            List.of(
                                    """
                                    INSERT INTO events (tenant_id, tenant_seq, event_id, type, version, at, recorded_at, data)
                                    VALUES ('$tenant', $n, '$id', 'x', 1, '2000-01-01', '$at', '')
                                    """,
                                    "SELECT event_id FROM events WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "answers",
                            List.of(
                                    """
                                    INSERT INTO idempotency_keys (tenant_id, client_id, method, path, idempotency_key, fingerprint,
                                        state, status_code, created_at)
                                    VALUES ('$tenant', 'c', 'POST', '/', '$id', '', 'done', 202, '$at')
                                    """,
                                    "SELECT idempotency_key FROM idempotency_keys WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "identities",
                            List.of(
                                    """
                                    INSERT INTO applied_changes (tenant_id, identity, applied_at)
                                    VALUES ('$tenant', '$id'::bytea, '$at')
                                    """,
                                    "SELECT convert_from(identity, 'UTF8') FROM applied_changes WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "connect_links",
                            List.of(
                                    """
                                    INSERT INTO connect_links (tenant_id, link_id, secret_hash, created_by, created_at, expires_at)
                                    VALUES ('$tenant', '$id', sha256(''), 'x', '$at', '$at')
                                    """,
                                    "SELECT link_id FROM connect_links WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "connect_attempts",
                            List.of(
                                    """
                                    INSERT INTO connect_attempts (tenant_id, attempt_id, source, step, status, final, created_by,
                                        created_at, updated_at)
                                    VALUES ('$tenant', '$id', 'embedded_signup', 'bind', 'abandoned', true, 'x', '$at', '$at');
                                    INSERT INTO connect_attempt_steps (tenant_id, attempt_id, step, outcome, at)
                                    VALUES ('$tenant', '$id', 'bind', 'failed', '$at')
                                    """,
                                    "SELECT attempt_id FROM connect_attempts WHERE tenant_id = '$tenant'",
                                    "SELECT attempt_id FROM connect_attempt_steps WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "departures",
                            List.of(
                                    """
                                    INSERT INTO connection_departures (tenant_id, departure_id, waba_id, phone_number_id, cause, actor,
                                        started_at, ended_at)
                                    VALUES ('$tenant', '$id', '1', '1', 'x', 'x', '$at', '$at')
                                    """,
                                    "SELECT departure_id FROM connection_departures WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "media",
                            List.of(
                                    """
                                    INSERT INTO media (tenant_id, media_id, message_id, phone_number_id, wa_media_id, type, state,
                                        details, object_key, size_bytes, created_at, expires_at, stored_at)
                                    VALUES ('$tenant', '$id', '$id', '1', '1', 'image', 'stored', '', '', 1, '$at', '$at', '$at')
                                    """,
                                    "SELECT media_id FROM media WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "early_statuses",
                            List.of(
                                    """
                                    INSERT INTO early_statuses (tenant_id, wa_message_id, status, at, window_closed, received_at)
                                    VALUES ('$tenant', '$id', 'sent', '2000-01-01', false, '$at')
                                    """,
                                    "SELECT wa_message_id FROM early_statuses WHERE tenant_id = '$tenant'")),
                    Map.entry(
                            "audit",
                            List.of(
                                    """
                                    INSERT INTO audit_log (tenant_id, audit_id, at, actor, action, object)
                                    VALUES ('$tenant', '$id', '$at', 'x', 'x', 'x')
                                    """,
                                    "SELECT audit_id FROM audit_log WHERE tenant_id = '$tenant' AND actor = 'x'")));

    private static final SettableClock clock = SettableClock.at(BEGIN);
    private static TestDatabase database;
    private static RunningGesher gesher;

    @BeforeAll
    static void start() {
        database = TestDatabase.fresh();
        gesher = RunningGesher.startOn(RunningGesher.environment(database), clock);
    }

    @AfterAll
    static void stop() {
        gesher.close();
        database.close();
    }

    /** Some days after the last time, in 2025: the clock never goes back. */
    private static Instant later() {
        var earliest = BEGIN.plus(Duration.ofDays(2_000));
        var last = clock.instant();
        clock.set(last.isBefore(earliest) ? earliest : last.plus(Duration.ofDays(3)));
        return clock.instant();
    }

    /** A row that was planted. */
    private record Planted(String id, Instant at) {}

    static LongStream seeds() {
        return new Random().longs(3);
    }

    @Test
    void every_kind_is_tried() {
        assertThat(gesher.beans(Retained.class).stream().map(Retained::kind))
                .containsExactlyInAnyOrderElementsOf(PLANTED.keySet());
    }

    @ParameterizedTest
    @MethodSource("seeds")
    void what_is_old_goes_and_nothing_younger_and_nothing_of_others(long seed) throws Exception {
        var random = new Random(seed);
        var mine = gesher.newTenant("mine").tenantId();
        var theirs = gesher.newTenant("theirs").tenantId();
        var now = later();
        try (var admin = database.connectAsAdministrator()) {
            timer(admin, theirs, now.plus(Duration.ofDays(1_000)));
            var planted = new java.util.HashMap<String, List<Planted>>();
            for (var kind : gesher.beans(Retained.class)) {
                // Of one kind more than goes in one transaction.
                int rows = kind.kind().equals("events") ? 1_700 : 30;
                planted.put(kind.kind(), plant(admin, mine, kind, rows, now, random));
                plant(admin, theirs, kind, 30, now, random);
            }
            var before = found(admin, theirs);

            run(admin, mine, now);

            for (var kind : gesher.beans(Retained.class)) {
                assertThat(found(admin, mine).get(kind.kind()))
                        .as(kind.kind())
                        .isEqualTo(stays(kind, rowsOf(planted, kind), now));
            }
            assertThat(found(admin, theirs)).isEqualTo(before);
        }
    }

    private static List<Planted> rowsOf(Map<String, List<Planted>> planted, Retained kind) {
        return planted.getOrDefault(kind.kind(), List.of());
    }

    /** The oracle: as docs/configuration.md has it. */
    private static Set<String> stays(Retained kind, List<Planted> rows, Instant now) {
        var last = rows.stream().max(Comparator.comparing(Planted::at)).orElseThrow();
        return rows.stream()
                .filter(row ->
                        !row.at().isBefore(now.minus(kind.kept()))
                                || (kind.kind().equals("departures") && row.equals(last)))
                .map(Planted::id)
                .collect(Collectors.toCollection(TreeSet::new));
    }

    /** Rows from twice as old as the kind is kept to new ones, and two beside the border. */
    private static List<Planted> plant(
            Connection admin, String tenant, Retained kind, int rows, Instant now, Random random)
            throws SQLException {
        var ages = new ArrayList<Long>();
        random.longs(rows, 0, 2 * kind.kept().toSeconds()).forEach(ages::add);
        ages.add(kind.kept().toSeconds() + 1);
        ages.add(kind.kept().toSeconds() - 1);
        ages.sort(Comparator.reverseOrder());
        var planted = new ArrayList<Planted>();
        for (long age : ages) {
            planted.add(new Planted(UUID.randomUUID().toString(), now.minusSeconds(age)));
            insert(admin, tenant, kind.kind(), planted.getLast(), planted.size());
        }
        return planted;
    }

    private static void insert(Connection admin, String tenant, String kind, Planted row, int n)
            throws SQLException {
        execute(
                admin,
                sql(kind)
                        .getFirst()
                        .replace("$tenant", tenant)
                        .replace("$id", row.id())
                        .replace("$at", row.at().toString())
                        .replace("$n", Integer.toString(n)));
    }

    private static List<String> sql(String kind) {
        return PLANTED.getOrDefault(kind, List.of());
    }

    /** Lets the tenant's timer run, and again until there is nothing left to do. */
    private static void run(Connection admin, String tenant, Instant now) throws SQLException {
        timer(admin, tenant, now);
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(
                                        texts(
                                                admin,
                                                "SELECT due_at > '"
                                                        + now
                                                        + "' AND due_at <= '"
                                                        + now.plus(Duration.ofDays(1))
                                                        + "' FROM timers WHERE kind = 'retention' AND tenant_id = '"
                                                        + tenant
                                                        + "'"))
                                .containsExactly("t"));
    }

    private static void timer(Connection admin, String tenant, Instant at) throws SQLException {
        try (var statement =
                admin.prepareStatement(
                        """
                        INSERT INTO timers (kind, tenant_id, object_id, due_at) VALUES ('retention', ?, ?, ?)
                        ON CONFLICT (kind, tenant_id, object_id) DO UPDATE SET due_at = excluded.due_at
                        """)) {
            statement.setObject(1, UUID.fromString(tenant));
            statement.setObject(2, UUID.fromString(tenant));
            statement.setTimestamp(3, Timestamp.from(at));
            statement.executeUpdate();
        }
    }

    /** The ids of each kind; what hangs on a row is there as long as the row. */
    private static Map<String, Set<String>> found(Connection admin, String tenant)
            throws SQLException {
        var all = new java.util.TreeMap<String, Set<String>>();
        for (var kind : PLANTED.keySet()) {
            var looks = sql(kind).subList(1, sql(kind).size());
            var ids = texts(admin, looks.getFirst().replace("$tenant", tenant));
            for (var look : looks) {
                assertThat(texts(admin, look.replace("$tenant", tenant))).isEqualTo(ids);
            }
            all.put(kind, ids);
        }
        return all;
    }

    @Test
    void a_message_that_is_not_done_and_the_attempt_that_connected_a_number_stay()
            throws Exception {
        var tenant = gesher.newTenant("busy").tenantId();
        var now = later();
        try (var admin = database.connectAsAdministrator()) {
            execute(
                    admin,
                    """
                    INSERT INTO whatsapp_messages (tenant_id, message_id, direction, type, status, stage, outcome, routing,
                        phone_number_id, accepted_at)
                    VALUES ('$tenant', gen_random_uuid(), 'outbound', 'text', 'pending', 'settling', 'held', 'auto', '1', '$at');
                    INSERT INTO connect_attempts (tenant_id, attempt_id, source, step, status, phone_number_id, created_by,
                        created_at, updated_at)
                    SELECT '$tenant', gen_random_uuid(), 'embedded_signup', 'done', 'done', n::text, 'x', '$at', '$at'::timestamptz + n * interval '1 s'
                    FROM unnest(ARRAY[1, 1, 1, 2]) AS n;
                    INSERT INTO connect_attempts (tenant_id, attempt_id, source, step, status, created_by, created_at, updated_at)
                    VALUES ('$tenant', gen_random_uuid(), 'embedded_signup', 'register', 'needs_pin', 'x', '$at', '$at');
                    INSERT INTO connection_departures (tenant_id, departure_id, waba_id, phone_number_id, cause, actor, started_at)
                    VALUES ('$tenant', gen_random_uuid(), '1', '1', 'x', 'x', '$at')
                    """
                            .replace("$tenant", tenant)
                            .replace("$at", BEGIN.toString()));

            run(admin, tenant, now);

            assertThat(
                            texts(
                                    admin,
                                    "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = '"
                                            + tenant
                                            + "'"))
                    .containsExactly("1");
            assertThat(
                            texts(
                                    admin,
                                    "SELECT coalesce(phone_number_id, status) FROM connect_attempts WHERE tenant_id = '"
                                            + tenant
                                            + "'"))
                    .containsExactly("1", "2", "needs_pin");
            assertThat(
                            texts(
                                    admin,
                                    "SELECT count(*) FROM connect_attempts WHERE tenant_id = '"
                                            + tenant
                                            + "'"))
                    .containsExactly("3");
            assertThat(
                            texts(
                                    admin,
                                    "SELECT count(*) FROM connection_departures WHERE tenant_id = '"
                                            + tenant
                                            + "'"))
                    .containsExactly("1");
        }
    }

    /** The row first, whose key opens the object; then the object, by a timer of its own. */
    @Test
    void the_object_of_an_old_file_goes_after_its_row() throws Exception {
        var tenant = gesher.newTenant("pictures").tenantId();
        var now = later();
        var old = new Planted(UUID.randomUUID().toString(), now.minus(Duration.ofDays(732)));
        var young = new Planted(UUID.randomUUID().toString(), now.minus(Duration.ofDays(730)));
        try (var admin = database.connectAsAdministrator()) {
            for (var each : List.of(old, young)) {
                insert(admin, tenant, "media", each, 1);
                Files.createDirectories(object(tenant, each).getParent());
                Files.writeString(object(tenant, each), "an object");
            }

            run(admin, tenant, now);

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() -> assertThat(object(tenant, old)).doesNotExist());
            assertThat(object(tenant, young)).exists();
            await().untilAsserted(() ->
                    assertThat(
                                    texts(
                                            admin,
                                            "SELECT object_id FROM timers WHERE kind = 'media.remove'"))
                            .isEmpty());
        }
    }

    private static Path object(String tenant, Planted file) {
        return gesher.settings()
                .dataDir()
                .resolve("media/objects")
                .resolve(tenant)
                .resolve(file.id().substring(34))
                .resolve(file.id());
    }

    @Test
    void of_the_platforms_audit_only_the_openings_of_its_secrets_go() throws Exception {
        try (var admin = database.connectAsAdministrator()) {
            execute(
                    admin,
                    """
                    INSERT INTO audit_log (tenant_id, audit_id, at, actor, action, object)
                    SELECT '%s', gen_random_uuid(), '2001-01-01', 'x', action, 'x'
                    FROM unnest(ARRAY['secret.opened', 'tenant.created', 'secret.destroyed']) AS action
                    """
                            .formatted(PLATFORM));

            run(admin, PLATFORM, clock.instant());

            assertThat(
                            texts(
                                    admin,
                                    "SELECT action FROM audit_log WHERE actor = 'x' AND tenant_id = '"
                                            + PLATFORM
                                            + "'"))
                    .containsExactlyInAnyOrder("tenant.created", "secret.destroyed");
        }
    }

    @Test
    void every_tenant_has_its_timer_soon_and_none_that_is_deleted() throws Exception {
        var tenant = gesher.newTenant("new").tenantId();
        clock.advance(Duration.ofMinutes(61));
        try (var admin = database.connectAsAdministrator()) {
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() ->
                            assertThat(
                                            texts(
                                                    admin,
                                                    "SELECT tenant_id FROM timers WHERE kind = 'retention'"))
                                    .contains(tenant, PLATFORM));
            assertThat(
                            texts(
                                    admin,
                                    """
                                    SELECT t.tenant_id FROM timers t JOIN tenant_directory d USING (tenant_id)
                                    WHERE t.kind = 'retention' AND d.deleted_at IS NOT NULL
                                    """))
                    .isEmpty();
        }
    }

    private static void execute(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    private static Set<String> texts(Connection connection, String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new TreeSet<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
