package dev.gesher.app.tenants;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class TenantsTest {
    private static RunningGesher gesher;
    private static String operator;
    private TestTenant tenant;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.start();
        operator = gesher.operatorToken();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @BeforeEach
    void newTenant() {
        tenant = gesher.newTenant("פרחי דנה");
    }

    private String path() {
        return "/v1/tenants/" + tenant.tenantId();
    }

    private Answer patch(String json) {
        return gesher.send(
                "PATCH",
                path(),
                json.getBytes(StandardCharsets.UTF_8),
                "Authorization",
                "Bearer " + operator,
                "Content-Type",
                "application/merge-patch+json");
    }

    @Test
    void a_merge_patch_changes_what_it_names_and_null_is_the_default() {
        var changed =
                patch(
                        "{\"name\":\"דנה\",\"locale\":\"en_US\",\"region\":\"US\",\"on_unknown\":\"resend\"}");
        assertThat(changed.status()).as(changed.text()).isEqualTo(200);
        assertThat(changed.at("/name")).isEqualTo("דנה");
        assertThat(changed.at("/locale")).isEqualTo("en_US");
        assertThat(changed.at("/region")).isEqualTo("US");
        assertThat(changed.at("/on_unknown")).isEqualTo("resend");

        var back = patch("{\"locale\":null,\"region\":null,\"on_unknown\":null}");
        assertThat(back.at("/name")).isEqualTo("דנה");
        assertThat(back.at("/locale")).isEqualTo("he");
        assertThat(back.at("/region")).isEqualTo("IL");
        assertThat(back.at("/on_unknown")).isEqualTo("fail");
        assertThat(patch("{}").text()).isEqualTo(back.text());
        assertThat(gesher.get(path(), operator).text()).isEqualTo(back.text());
        assertThat(gesher.json("PATCH", path(), operator, Map.of("locale", "iw")).at("/locale"))
                .isEqualTo("he");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "{\"nmae\":\"x\"};field_unknown;/nmae",
                "{\"status\":\"suspended\"};field_unknown;/status",
                "{\"a/b~\":1};field_unknown;/a~1b~0",
                "{\"name\":null};field_required;/name",
                "{\"name\":\"  \"};field_invalid;/name",
                "{\"name\":7};field_invalid;/name",
                "{\"region\":\"XX\"};field_invalid;/region",
                "{\"region\":\"il\"};field_invalid;/region",
                "{\"locale\":\"qx\"};field_invalid;/locale",
                "{\"locale\":\"he_XX\"};field_invalid;/locale",
                "{\"on_unknown\":\"FAIL\"};field_invalid;/on_unknown",
                "[];malformed_json;''",
                "{\"name\":\"a\",\"name\":\"b\"};malformed_json;''",
                "x;malformed_json;''"
            })
    void a_patch_that_is_none_is_refused_and_says_where(String json, String code, String pointer) {
        var before = gesher.get(path(), operator).text();

        var answer = patch(json);

        assertThat(answer.status()).as(answer.text()).isEqualTo(400);
        assertThat(answer.at("/code")).isEqualTo(code);
        assertThat(answer.at("/pointer")).isEqualTo(pointer);
        assertThat(gesher.get(path(), operator).text()).isEqualTo(before);
    }

    @Test
    void a_new_tenant_too_has_a_region_and_a_language_that_exist() {
        for (var field : List.of("region", "locale")) {
            var body = new LinkedHashMap<String, Object>(Map.of("name", "x"));
            body.put(field, field.equals("region") ? "ZZ" : "qq");
            var answer = gesher.post("/v1/tenants", operator, body);

            assertThat(answer.status()).isEqualTo(400);
            assertThat(answer.at("/pointer")).isEqualTo("/" + field);
        }
        assertThat(
                        gesher.post(
                                        "/v1/tenants",
                                        operator,
                                        Map.of("name", "x", "locale", "fil", "region", "PH"))
                                .status())
                .isEqualTo(201);
    }

    @Test
    void all_tenants_are_listed_page_by_page() {
        gesher.newTenant("another");
        var seen = new ArrayList<String>();
        var path = "/v1/tenants?limit=1";
        var page = gesher.get(path, operator);
        while (true) {
            assertThat(page.status()).as(page.text()).isEqualTo(200);
            StreamSupport.stream(page.json().at("/data").spliterator(), false)
                    .forEach(it -> seen.add(it.at("/tenant_id").asText()));
            if (page.at("/next_cursor").equals("null") || page.json().at("/next_cursor").isNull()) {
                break;
            }
            page = gesher.get(path + "&cursor=" + page.at("/next_cursor"), operator);
        }

        assertThat(seen).doesNotHaveDuplicates().contains(tenant.tenantId());
        assertThat(gesher.get("/v1/tenants?cursor=x", operator).at("/code"))
                .isEqualTo("cursor_invalid");
        assertThat(gesher.get("/v1/tenants?limit=201", operator).status()).isEqualTo(400);
    }

    @Test
    void a_suspended_tenants_tokens_are_refused_and_it_gets_no_new_ones() {
        assertThat(gesher.get("/v1/conversations", tenant.token()).status()).isEqualTo(200);

        var suspended = gesher.post(path() + "/suspend", operator, Map.of("reason", "not paid"));
        assertThat(suspended.status()).as(suspended.text()).isEqualTo(200);
        assertThat(suspended.at("/status")).isEqualTo("suspended");
        assertThat(suspended.at("/suspended_reason")).isEqualTo("not paid");
        assertThat(gesher.post(path() + "/suspend", operator, Map.of("reason", "again")).text())
                .isEqualTo(suspended.text());

        var refused = gesher.get("/v1/conversations", tenant.token());
        assertThat(refused.status()).isEqualTo(403);
        assertThat(refused.at("/code")).isEqualTo("tenant_suspended");
        assertThat(refused.header("Content-Type")).hasValue("application/problem+json");
        var noToken = token(tenant.clientSecret());
        assertThat(noToken.status()).isEqualTo(403);
        assertThat(noToken.at("/error")).isEqualTo("tenant_suspended");
        assertThat(token("wrong").status()).isEqualTo(401);

        var resumed = gesher.post(path() + "/resume", operator, Map.of("reason", "paid"));
        assertThat(resumed.at("/status")).isEqualTo("active");
        assertThat(resumed.json().has("suspended_reason")).isFalse();
        assertThat(gesher.get("/v1/conversations", tenant.token()).status()).isEqualTo(200);
        assertThat(token(tenant.clientSecret()).status()).isEqualTo(200);
    }

    private Answer token(String secret) {
        return gesher.token(
                Map.of(
                        "grant_type",
                        "client_credentials",
                        "client_id",
                        tenant.clientId(),
                        "client_secret",
                        secret));
    }

    @Test
    void a_suspension_needs_a_reason_and_a_tenant() {
        assertThat(gesher.post(path() + "/suspend", operator, Map.of()).status()).isEqualTo(400);
        assertThat(gesher.post(path() + "/suspend", operator, Map.of("reason", " ")).at("/pointer"))
                .isEqualTo("/reason");
        var nobody = "/v1/tenants/" + UUID.randomUUID();
        assertThat(gesher.post(nobody + "/suspend", operator, Map.of("reason", "x")).status())
                .isEqualTo(404);
        assertThat(gesher.json("PATCH", nobody, operator, Map.of()).status()).isEqualTo(404);
        assertThat(gesher.get(nobody + "/clients", operator).status()).isEqualTo(404);
        var platform = "/v1/tenants/00000000-0000-0000-0000-000000000000";
        assertThat(gesher.post(platform + "/suspend", operator, Map.of("reason", "x")).status())
                .isEqualTo(404);
    }

    @Test
    void clients_are_listed_without_their_secrets_and_revoked_for_good() {
        var other = gesher.newClient(tenant.tenantId(), Map.of("name", "other"));
        assertThat(gesher.get("/v1/conversations", other.token()).status()).isEqualTo(200);
        var listed = gesher.get(path() + "/clients", operator);
        assertThat(listed.json().at("/data")).hasSize(2);
        assertThat(listed.json().at("/next_cursor").isNull()).isTrue();
        assertThat(listed.text()).doesNotContain("secret", other.clientSecret());

        var one = path() + "/clients/" + other.clientId();
        var theirs = gesher.newTenant("theirs");
        assertThat(
                        gesher.delete(
                                        "/v1/tenants/"
                                                + theirs.tenantId()
                                                + "/clients/"
                                                + other.clientId(),
                                        operator)
                                .status())
                .isEqualTo(404);
        assertThat(gesher.delete(one, operator).status()).isEqualTo(204);
        assertThat(gesher.delete(one, operator).status()).isEqualTo(404);

        assertThat(gesher.get("/v1/conversations", other.token()).status()).isEqualTo(401);
        assertThat(gesher.get("/v1/conversations", tenant.token()).status()).isEqualTo(200);
        assertThat(gesher.get(path() + "/clients", operator).json().at("/data")).hasSize(1);
    }
}
