package dev.gesher.app.http;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class ProblemsTest {
    private static RunningGesher gesher;
    private static TestTenant tenant;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.start();
        tenant = gesher.newTenant("מאפיית לחם");
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void an_unknown_address_is_a_problem_document_in_hebrew() {
        var answer = gesher.get("/nowhere", tenant.token());

        assertThat(answer.status()).isEqualTo(404);
        assertThat(answer.header("Content-Type")).hasValue("application/problem+json");
        assertThat(answer.header("Content-Language")).hasValue("he");
        assertThat(answer.at("/type")).isEqualTo("urn:gesher:problem:not_found");
        assertThat(answer.at("/title")).isEqualTo("לא נמצא");
        assertThat(answer.at("/status")).isEqualTo("404");
        assertThat(answer.at("/code")).isEqualTo("not_found");
        assertThat(answer.at("/detail")).isNotBlank();
        assertThat(answer.header("X-Correlation-Id")).hasValue(answer.at("/correlation_id"));
    }

    @Test
    void english_is_given_to_whoever_prefers_it() {
        var answer =
                gesher.get(
                        "/nowhere", tenant.token(), "Accept-Language", "fr, en-GB;q=0.8, he;q=0.5");

        assertThat(answer.header("Content-Language")).hasValue("en");
        assertThat(answer.at("/title")).isEqualTo("Not found");
    }

    @Test
    void a_callers_correlation_is_kept_and_an_unsafe_one_is_not() {
        assertThat(
                        gesher.get("/nowhere", tenant.token(), "X-Correlation-Id", "order-17.retry")
                                .header("X-Correlation-Id"))
                .hasValue("order-17.retry");
        assertThat(
                        gesher.get("/nowhere", tenant.token(), "X-Correlation-Id", "short")
                                .header("X-Correlation-Id"))
                .hasValueSatisfying(it -> assertThat(it).hasSize(36));
        assertThat(
                        gesher.send(
                                        "GET",
                                        "/health",
                                        new byte[0],
                                        "X-Correlation-Id",
                                        "health-check")
                                .header("X-Correlation-Id"))
                .hasValue("health-check");
    }

    @Test
    void the_frameworks_own_refusals_have_the_same_shape() {
        var operator = gesher.operatorToken();

        assertProblem(
                gesher.send("DELETE", "/oauth/token", new byte[0]), 405, "method_not_allowed");
        assertProblem(raw(operator, "{\"name\": ", "application/json"), 400, "malformed_json");
        assertProblem(
                raw(operator, "{\"name\":\"a\",\"nmae\":\"b\"}", "application/json"),
                400,
                "malformed_json");
        assertProblem(raw(operator, "name=a", "text/plain"), 415, "unsupported_media_type");
        assertProblem(
                gesher.send(
                        "GET",
                        "/v1/conversations",
                        new byte[0],
                        "Authorization",
                        "Bearer " + tenant.token(),
                        "Accept",
                        "image/png"),
                406,
                "not_acceptable");
        assertProblem(
                gesher.post("/v1/tenants", operator, Map.of("name", "x".repeat(5 << 20))),
                413,
                "payload_too_large");
    }

    @Test
    void an_invalid_field_is_pointed_at() {
        var operator = gesher.operatorToken();

        var answer = gesher.post("/v1/tenants", operator, Map.of("name", " ", "region", "IL"));

        assertProblem(answer, 400, "field_invalid");
        assertThat(answer.at("/pointer")).isEqualTo("/name");
    }

    @Test
    void a_control_character_in_a_name_is_pointed_at() {
        var answer = gesher.post("/v1/tenants", gesher.operatorToken(), Map.of("name", "a\u0000b"));

        assertProblem(answer, 400, "field_invalid");
        assertThat(answer.at("/pointer")).isEqualTo("/name");
    }

    @Test
    void a_forged_cursor_is_refused() {
        for (var at : List.of("+999999999-11-20T09:37:08Z", "-0044-03-15T00:00:00Z", "noon")) {
            var cursor =
                    Base64.getUrlEncoder()
                            .encodeToString(
                                    ("c1 " + at + " " + UUID.randomUUID())
                                            .getBytes(StandardCharsets.UTF_8));

            assertProblem(
                    gesher.get("/v1/conversations?cursor=" + cursor, tenant.token()),
                    400,
                    "cursor_invalid");
        }
    }

    @Test
    void a_limit_outside_its_range_is_pointed_at() {
        var answer = gesher.get("/v1/conversations?limit=0", tenant.token());

        assertProblem(answer, 400, "field_invalid");
        assertThat(answer.at("/pointer")).isEqualTo("/limit");
    }

    private static Answer raw(String token, String body, String contentType) {
        return gesher.send(
                "POST",
                "/v1/tenants",
                body.getBytes(StandardCharsets.UTF_8),
                "Authorization",
                "Bearer " + token,
                "Content-Type",
                contentType);
    }

    private static void assertProblem(Answer answer, int status, String code) {
        assertThat(answer.status()).as(answer.text()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).hasValue("application/problem+json");
        assertThat(answer.at("/code")).isEqualTo(code);
        assertThat(answer.at("/status")).isEqualTo(Integer.toString(status));
        assertThat(answer.at("/correlation_id")).isNotBlank();
        assertThat(answer.text()).doesNotContain("dev.gesher", "io.micronaut", "Exception");
    }
}
