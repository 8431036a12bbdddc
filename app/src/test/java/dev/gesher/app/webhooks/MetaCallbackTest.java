package dev.gesher.app.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Meta tells that somebody took our app away, or wants to be forgotten. */
class MetaCallbackTest {
    private static final String DEAUTHORIZE = "/webhooks/meta/deauthorize";
    private static final String DELETION = "/webhooks/meta/data-deletion";

    private static RunningGesher gesher;
    private static Control meta;
    private static int numbers = 200;
    private TestTenant tenant;
    private Business business;
    private String user = "";

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        meta = gesher.simulator().control();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @BeforeEach
    void connect() throws SQLException {
        tenant = gesher.newTenant("מאפייה");
        business = gesher.connect(tenant, "+972 3-555-0" + ++numbers);
        user = meta.usersOf(business.wabaId()).getFirst();
        assertThat(held(user)).isNotEmpty();
        // The signed time has whole seconds, and what the verification read is newer than those.
        var connected = Instant.now();
        await().until(() -> Instant.now().getEpochSecond() > connected.getEpochSecond());
    }

    private static Answer post(String path, String form, String type) {
        return gesher.send(
                "POST", path, form.getBytes(StandardCharsets.UTF_8), "Content-Type", type);
    }

    private static Answer post(String path, String signedRequest) {
        return post(
                path,
                "signed_request=" + URLEncoder.encode(signedRequest, StandardCharsets.UTF_8),
                "application/x-www-form-urlencoded");
    }

    private Answer connection() {
        return gesher.get("/v1/connection", tenant.token());
    }

    /** Where a user's id stands, in every column of text that there is. */
    private static List<String> held(String user) throws SQLException {
        var found = new ArrayList<String>();
        try (var administrator = gesher.database().connectAsAdministrator();
                var statement = administrator.createStatement()) {
            var columns = new ArrayList<String[]>();
            try (var rows =
                    statement.executeQuery(
                            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = 'public' AND data_type IN ('text', 'jsonb')")) {
                while (rows.next()) {
                    columns.add(new String[] {rows.getString(1), rows.getString(2)});
                }
            }
            for (var column : columns) {
                try (var rows =
                        statement.executeQuery(
                                "SELECT FROM %s WHERE %s::text LIKE '%%%s%%' LIMIT 1"
                                        .formatted(column[0], column[1], user))) {
                    if (rows.next()) {
                        found.add(column[0] + "." + column[1]);
                    }
                }
            }
        }
        return found;
    }

    private List<String> secrets() throws SQLException {
        var found = new ArrayList<String>();
        try (var administrator = gesher.database().connectAsAdministrator();
                var statement =
                        administrator.prepareStatement(
                                "SELECT kind FROM secrets WHERE tenant_id = ?::uuid")) {
            statement.setString(1, tenant.tenantId());
            try (var rows = statement.executeQuery()) {
                while (rows.next()) {
                    found.add(rows.getString(1));
                }
            }
        }
        return found;
    }

    @Test
    void somebody_who_took_our_app_away_disconnects_their_tenants() {
        meta.revokeTokensOf(business.wabaId());

        assertThat(post(DEAUTHORIZE, meta.signedRequest(user, Instant.now())).status())
                .isEqualTo(200);

        await().untilAsserted(
                        () -> assertThat(connection().at("/status")).isEqualTo("disconnected"));
        assertThat(connection().at("/cause")).isEqualTo("app_removed");
    }

    @Test
    void a_deauthorization_that_graph_refutes_changes_nothing() {
        assertThat(post(DEAUTHORIZE, meta.signedRequest(user, Instant.now())).status())
                .isEqualTo(200);

        var audit = "/v1/operator/audit?tenant_id=" + tenant.tenantId();
        await().untilAsserted(() ->
                assertThat(gesher.get(audit, gesher.operatorToken()).text())
                        .contains("connection.doubt_refuted", "deauthorized"));
        assertThat(connection().at("/status")).isEqualTo("active");
    }

    @Test
    void what_we_hold_of_a_person_is_deleted_and_their_tenant_is_not() throws SQLException {
        var answer = post(DELETION, meta.signedRequest(user, Instant.now()));

        assertThat(answer.status()).as(answer.text()).isEqualTo(200);
        var code = answer.at("/confirmation_code");
        assertThat(answer.at("/url"))
                .isEqualTo(gesher.settings().publicUrl() + DELETION + "/" + code);
        await().untilAsserted(() -> assertThat(page(code, "en").text()).contains("is deleted."));
        assertThat(page(code, "he").text()).contains("נמחקו", "dir=\"rtl\"");
        assertThat(held(user)).isEmpty();
        assertThat(secrets()).isNotEmpty().doesNotContain("access_token");
        assertThat(connection().at("/status")).isEqualTo("invalid");
        assertThat(connection().at("/cause")).isEqualTo("token_invalid");
        assertThat(connection().at("/phone_number_id")).isEqualTo(business.phoneNumberId());
        // Once more is nothing new.
        var again = post(DELETION, meta.signedRequest(user, Instant.now()));
        assertThat(page(again.at("/confirmation_code"), "en").text()).contains("is deleted.");
    }

    private static Answer page(String code, String language) {
        return gesher.send(
                "GET",
                URI.create(gesher.url(DELETION + "/" + code) + "?lang=" + language),
                new byte[0]);
    }

    @Test
    void what_somebody_granted_anew_after_they_asked_stays() throws SQLException {
        var asked = Instant.now().minusSeconds(3600);
        var answer = post(DELETION, meta.signedRequest(user, asked));
        await().untilAsserted(() ->
                assertThat(page(answer.at("/confirmation_code"), "en").text())
                        .contains("is deleted."));
        assertThat(connection().at("/status")).isEqualTo("active");
        assertThat(held(user)).contains("meta_users.meta_user_id");
    }

    @Test
    void somebody_we_do_not_know_gets_a_code_too() throws SQLException {
        var answer = post(DELETION, meta.signedRequest("990001112223", Instant.now()));
        assertThat(answer.status()).isEqualTo(200);
        assertThat(page(answer.at("/confirmation_code"), "en").text()).contains("is deleted.");
        assertThat(held("990001112223")).isEmpty();
        assertThat(post(DEAUTHORIZE, meta.signedRequest("990001112223", Instant.now())).status())
                .isEqualTo(200);
    }

    @Test
    void a_code_that_nobody_has_tells_nothing() {
        var page = page("0".repeat(32), "en");
        assertThat(page.status()).isEqualTo(404);
        assertThat(page.text()).contains("There is no request with this code.");
        assertThat(page.header("Content-Security-Policy").orElseThrow())
                .contains("default-src 'none'");
    }

    @ParameterizedTest
    @ValueSource(strings = {DEAUTHORIZE, DELETION})
    void what_meta_did_not_sign_is_refused(String path) {
        var right = meta.signedRequest(user, Instant.now());
        int dot = right.indexOf('.');
        var flipped = (right.charAt(0) == 'A' ? 'B' : 'A') + right.substring(1);
        var payload =
                JsonNodeFactory.instance
                        .objectNode()
                        .put("algorithm", "HMAC-SHA1")
                        .put("issued_at", Instant.now().getEpochSecond())
                        .put("user_id", user);
        var refused =
                List.of(
                        flipped,
                        right.substring(dot),
                        right.substring(0, dot + 1),
                        right + "A",
                        right.substring(0, dot),
                        "!." + right.substring(dot + 1),
                        meta.signedRequest(payload),
                        meta.signedRequest(payload.deepCopy().put("algorithm", "none")),
                        meta.signedRequest(JsonNodeFactory.instance.arrayNode()),
                        meta.signedRequest(user, Instant.now().minus(Duration.ofDays(2))),
                        meta.signedRequest(user, Instant.now().plus(Duration.ofHours(1))));
        for (var one : refused) {
            var answer = post(path, one);
            assertThat(answer.status()).as(one).isEqualTo(401);
            assertThat(answer.at("/code")).isEqualTo("signature_invalid");
        }
        assertThat(connection().at("/status")).isEqualTo("active");
    }

    @ParameterizedTest
    @ValueSource(strings = {DEAUTHORIZE, DELETION})
    void what_is_no_such_form_is_refused(String path) {
        assertThat(post(path, "{}", "application/json").status()).isEqualTo(415);
        var form = "application/x-www-form-urlencoded";
        assertThat(post(path, "", form).status()).isEqualTo(400);
        assertThat(post(path, "other=1", form).status()).isEqualTo(400);
        assertThat(post(path, "signed_request=a&signed_request=b", form).status()).isEqualTo(400);
        var tooLong = post(path, "signed_request=" + "a".repeat(20_000), form);
        assertThat(tooLong.status()).isEqualTo(413);
        assertThat(tooLong.header("Content-Type")).hasValue("application/problem+json");
    }
}
