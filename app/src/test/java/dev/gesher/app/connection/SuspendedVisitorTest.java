package dev.gesher.app.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** Whoever holds a connect link of a tenant that was suspended. */
class SuspendedVisitorTest {
    private static final String SESSION = SignupController.PATH + SignupController.SESSION;

    @Test
    void a_suspended_tenants_page_does_nothing_until_it_is_resumed() {
        try (var gesher = RunningGesher.startWithSimulator()) {
            var tenant = gesher.newTenant("a");
            var link = gesher.post("/v1/connection/connect-links", tenant.token(), Map.of());
            var secret = Map.of("secret", link.at("/url").split("#", 2)[1]);
            var opened = post(gesher, SESSION, secret);
            assertThat(opened.status()).as(opened.text()).isEqualTo(200);
            var cookie = opened.header("Set-Cookie").orElseThrow().split(";", 2)[0];
            var path = "/v1/tenants/" + tenant.tenantId();

            gesher.post(path + "/suspend", gesher.operatorToken(), Map.of("reason", "not paid"));

            for (var refused :
                    new Answer[] {
                        gesher.send("GET", SignupController.PATH, new byte[0], "Cookie", cookie),
                        post(
                                gesher,
                                SignupController.PATH,
                                Map.of("code", "a code"),
                                "Cookie",
                                cookie)
                    }) {
                assertThat(refused.status()).as(refused.text()).isEqualTo(403);
                assertThat(refused.at("/code")).isEqualTo("tenant_suspended");
                assertThat(refused.header("Set-Cookie")).isEmpty();
            }
            assertThat(said(gesher, cookie, "he")).contains("החשבון מושעה");
            assertThat(said(gesher, cookie, "en")).contains("The account is suspended");
            var again = post(gesher, SESSION, secret);
            assertThat(again.status()).as(again.text()).isEqualTo(403);
            assertThat(again.header("Set-Cookie")).isEmpty();
            assertThat(gesher.simulator().control().calls("/oauth/access_token")).isEmpty();

            gesher.post(path + "/resume", gesher.operatorToken(), Map.of("reason", "paid"));
            assertThat(post(gesher, SESSION, secret).status()).isEqualTo(200);
        }
    }

    private static String said(RunningGesher gesher, String cookie, String language) {
        return gesher.send(
                        "GET",
                        SignupController.PATH,
                        new byte[0],
                        "Cookie",
                        cookie,
                        "Accept-Language",
                        language)
                .at("/detail");
    }

    private static Answer post(
            RunningGesher gesher, String path, Map<String, String> body, String... headers) {
        var all = new String[headers.length + 2];
        System.arraycopy(headers, 0, all, 0, headers.length);
        all[headers.length] = "Content-Type";
        all[headers.length + 1] = "application/json";
        return gesher.send("POST", path, Answer.write(body).getBytes(StandardCharsets.UTF_8), all);
    }
}
