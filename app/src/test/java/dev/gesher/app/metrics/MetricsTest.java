package dev.gesher.app.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.yaml.snakeyaml.Yaml;

/** What a scrape shows after the main job, held against what the runbook and the alarms say. */
class MetricsTest {
    private static final Path RUNBOOK = Path.of("../docs/runbook.md");
    private static final Path ALERTS = Path.of("../docs/alerts.yml");
    private static final Pattern FAMILY = Pattern.compile("(?m)^# TYPE (\\S+) \\S+$");
    private static final Pattern ROW = Pattern.compile("(?m)^\\| `([a-z_]+\\*?)`[^|]*\\|");
    private static final Pattern NAME =
            Pattern.compile("\\b(?:gesher|jvm|hikaricp|http|process|system)_[a-z_]+");
    private static final Pattern LABEL = Pattern.compile("[a-z_.]+=\"([^\"]*)\"");
    private static final String NUMBER = "+972502345678";

    private static RunningGesher gesher;
    private static TestTenant tenant;
    private static String scrape;

    @BeforeAll
    static void journey() {
        gesher = RunningGesher.startWithSimulator();
        tenant = gesher.newTenant("a");
        var business = gesher.connect(tenant, "+972 3-555-0101");
        var sent = gesher.post("/v1/messages", tenant.token(), Operations.template(NUMBER));
        assertThat(sent.status()).as(sent.text()).isEqualTo(202);
        awaitStatus(sent.at("/message_id"), "delivered");
        gesher.simulator().control().customerWrites(business.phoneNumberId(), NUMBER, "תודה!");
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(
                                        value(
                                                scrape(),
                                                "gesher_inbox_changes_total{detail=\"messages\",outcome=\"applied\"}"))
                                .isGreaterThanOrEqualTo(2));
        // A reading after the journey, and the writers and counts that it brought.
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() -> assertThat(value(scrape(), "gesher_inbox_pending")).isZero());
        scrape = scrape();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    private static void awaitStatus(String messageId, String status) {
        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(
                                        gesher.get("/v1/messages/" + messageId, tenant.token())
                                                .at("/status"))
                                .isEqualTo(status));
    }

    private static String scrape() {
        var answer = gesher.send("GET", gesher.managementUrl("/prometheus"), new byte[0]);
        assertThat(answer.status()).isEqualTo(200);
        return answer.text();
    }

    private static double value(String scrape, String series) {
        return scrape.lines()
                .filter(line -> line.startsWith(series + " "))
                .mapToDouble(line -> Double.parseDouble(line.substring(series.length() + 1)))
                .findFirst()
                .orElse(Double.NaN);
    }

    /** The families of a scrape; the highest value of each time stands beside it. */
    private static Set<String> families() {
        return FAMILY.matcher(scrape)
                .results()
                .map(found -> found.group(1))
                .filter(name ->
                        !name.endsWith("_max")
                                || !scrape.contains(
                                        "# TYPE " + name.substring(0, name.length() - 4) + " "))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static Set<String> documented() throws IOException {
        return ROW.matcher(Files.readString(RUNBOOK))
                .results()
                .map(found -> found.group(1))
                .collect(Collectors.toCollection(TreeSet::new));
    }

    private static boolean isOurs(String name) {
        return name.startsWith("gesher_");
    }

    @Test
    void the_runbook_lists_what_a_scrape_shows_and_nothing_else() throws IOException {
        var ours =
                families().stream()
                        .filter(MetricsTest::isOurs)
                        .collect(Collectors.toCollection(TreeSet::new));

        assertThat(ours).hasSizeGreaterThan(30);
        var paper = documented();
        assertThat(paper.stream().filter(MetricsTest::isOurs))
                .containsExactlyInAnyOrderElementsOf(ours);
        assertThat(families().stream().filter(name -> !isOurs(name)))
                .allMatch(
                        name -> paper.contains(name.substring(0, name.indexOf('_') + 1) + "*"),
                        "is of a documented family");
    }

    @Test
    void no_label_names_a_tenant_a_number_or_an_id() {
        var values =
                scrape.lines()
                        .filter(line -> isOurs(line))
                        .flatMap(line -> LABEL.matcher(line).results())
                        .map(found -> found.group(1))
                        .collect(Collectors.toSet());

        assertThat(values).hasSizeLessThan(160).doesNotContain(tenant.tenantId());
        assertThat(values).noneMatch(it -> it.matches(".*[0-9a-f]{8}-.*|.*\\d{7}.*"));
        assertThat(scrape.lines().filter(MetricsTest::isOurs).count()).isLessThan(1_500);
    }

    @Test
    void every_stage_of_the_journey_was_counted() {
        for (var series :
                List.of(
                        "gesher_webhook_received_total",
                        "gesher_webhook_bytes_total",
                        "gesher_webhook_commit_seconds_count",
                        "gesher_webhook_batch_size_count",
                        "gesher_inbox_applied_total{field=\"messages\",type=\"text\"}",
                        "gesher_inbox_applied_total{field=\"messages\",type=\"delivered\"}",
                        "gesher_inbox_changes_total{detail=\"\",outcome=\"split\"}",
                        "gesher_split_latency_seconds_count",
                        "gesher_apply_latency_seconds_count{outcome=\"applied\"}",
                        "gesher_accept_latency_seconds_count{outcome=\"allowed\"}",
                        "gesher_batch_size_count{writer=\"webhook-intake\"}",
                        "gesher_batch_items_total{outcome=\"committed\",writer=\"accept\"}",
                        "gesher_claim_latency_seconds_count{class=\"utility\"}",
                        "gesher_graph_call_seconds_count{endpoint=\"messages\",outcome=\"success\"}",
                        "gesher_send_results_total{outcome=\"accepted\"}",
                        "gesher_result_latency_seconds_count",
                        "gesher_statuses_total{effect=\"moved\",status=\"delivered\"}",
                        "gesher_events_total{type=\"message.received\"}",
                        "gesher_signup_attempts_total{outcome=\"done\"}",
                        "gesher_secrets_opened_total{source=\"vault\"}")) {
            assertThat(value(scrape, series)).as(series).isPositive();
        }
        assertThat(value(scrape, "gesher_graph_version_days_left")).isLessThan(100_000);
    }

    @Test
    void the_alarms_speak_of_what_a_scrape_shows_and_the_runbook_of_the_alarms()
            throws IOException {
        var runbook = Files.readString(RUNBOOK);
        var shown = new TreeSet<String>();
        FAMILY.matcher(scrape)
                .results()
                .forEach(found -> {
                    shown.add(found.group(1));
                    for (var suffix : List.of("_bucket", "_count", "_sum")) {
                        shown.add(found.group(1) + suffix);
                    }
                });
        var names = new ArrayList<String>();
        Map<String, List<Map<String, Object>>> document = new Yaml().load(Files.readString(ALERTS));
        for (var group : Objects.requireNonNull(document.get("groups"))) {
            for (var rule : rules(group)) {
                var name = String.valueOf(rule.get("alert"));
                names.add(name);
                assertThat(rule).as(name).containsKeys("expr", "for", "labels", "annotations");
                var used =
                        NAME.matcher(String.valueOf(rule.get("expr")))
                                .results()
                                .map(found -> found.group())
                                .toList();
                assertThat(used).as(name).isNotEmpty();
                assertThat(shown).as(name).containsAll(used);
            }
        }
        assertThat(names).doesNotHaveDuplicates().hasSizeGreaterThan(10);
        assertThat(
                        Pattern.compile("(?m)^\\| \\*\\*(Gesher[A-Za-z]+)\\*\\*")
                                .matcher(runbook)
                                .results()
                                .map(found -> found.group(1)))
                .containsExactlyInAnyOrderElementsOf(names);
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> rules(Map<String, Object> group) {
        return (List<Map<String, Object>>) Objects.requireNonNull(group.get("rules"));
    }

    @Test
    void a_scrape_and_health_are_quick_though_the_database_is_away() throws SQLException {
        try (var lonely = RunningGesher.start()) {
            var health = lonely.managementUrl("/health");
            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() ->
                            assertThat(
                                            lonely.send("GET", health, new byte[0])
                                                    .at("/details/inbox/status"))
                                    .isEqualTo("UP"));
            try (var elsewhere = TestDatabase.empty();
                    var admin = elsewhere.connectAsAdministrator();
                    var statement = admin.createStatement()) {
                var name = lonely.database().name();
                statement.execute("ALTER DATABASE \"" + name + "\" ALLOW_CONNECTIONS false");
                statement.execute(
                        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '"
                                + name
                                + "'");

                await().untilAsserted(() ->
                        assertThat(lonely.send("GET", "/health/readiness", new byte[0]).status())
                                .isEqualTo(503));
                long began = System.nanoTime();
                var figures = lonely.send("GET", lonely.managementUrl("/prometheus"), new byte[0]);
                long took = (System.nanoTime() - began) / 1_000_000;

                assertThat(figures.status()).isEqualTo(200);
                assertThat(value(figures.text(), "gesher_inbox_pending")).isZero();
                assertThat(took).isLessThan(1_000);
                assertThat(lonely.send("GET", "/health/liveness", new byte[0]).status())
                        .isEqualTo(200);
                var detail = lonely.send("GET", health, new byte[0]);
                assertThat(detail.status()).isEqualTo(503);
                assertThat(detail.at("/details/database/status")).isEqualTo("DOWN");
                assertThat(detail.at("/details/inbox/details/pending")).isEqualTo("0");
                await().atMost(Duration.ofSeconds(20))
                        .untilAsserted(() -> assertThat(age(lonely)).isGreaterThan(6));

                statement.execute("ALTER DATABASE \"" + name + "\" ALLOW_CONNECTIONS true");
            }
            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() -> {
                        assertThat(age(lonely)).isLessThan(6);
                        assertThat(lonely.send("GET", "/health/readiness", new byte[0]).status())
                                .isEqualTo(200);
                    });
        }
    }

    private static double age(RunningGesher of) {
        return value(
                of.send("GET", of.managementUrl("/prometheus"), new byte[0]).text(),
                "gesher_gauges_age_seconds");
    }
}
