package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** A whole run with every logger wide open: whatever is secret is in none of its lines. */
class SecretsStaySecretTest {
    private static final class Kept extends AppenderBase<ILoggingEvent> {
        private final Queue<String> lines = new ConcurrentLinkedQueue<>();

        @Override
        protected void append(ILoggingEvent event) {
            var thrown = event.getThrowableProxy();
            lines.add(
                    event.getLoggerName()
                            + " "
                            + event.getFormattedMessage()
                            + " "
                            + event.getMDCPropertyMap()
                            + (thrown == null ? "" : ThrowableProxyUtil.asString(thrown)));
        }
    }

    @Test
    void no_secret_number_or_content_is_in_a_run_at_trace() {
        var root = (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
        var before = root.getLevel();
        var kept = new Kept();
        kept.setContext(root.getLoggerContext());
        kept.start();
        var console = new ArrayList<ch.qos.logback.core.Appender<ILoggingEvent>>();
        root.iteratorForAppenders().forEachRemaining(console::add);
        console.forEach(root::detachAppender);
        root.addAppender(kept);
        root.setLevel(Level.TRACE);
        List<String> secrets;
        try {
            secrets = run();
        } finally {
            root.setLevel(before);
            root.detachAppender(kept);
            console.forEach(root::addAppender);
        }

        assertThat(kept.lines).hasSizeGreaterThan(100);
        assertThat(secrets).allSatisfy(secret -> assertThat(secret).hasSizeGreaterThan(5));
        assertThat(kept.lines.stream().filter(line -> secrets.stream().anyMatch(line::contains)))
                .isEmpty();
    }

    private static List<String> run() {
        var secrets =
                new ArrayList<>(
                        List.of(
                                RunningGesher.OPERATOR_SECRET,
                                RunningGesher.OPERATOR_SECRET.replace(' ', '+'),
                                RunningGesher.APP_SECRET,
                                "502345678",
                                "50-234-5678",
                                "שלום דנה",
                                "סוד של לקוחה",
                                "EAAplanted",
                                "987654"));
        try (var gesher = RunningGesher.startWithSimulator()) {
            var tenant = gesher.newTenant("מאפיית לחם");
            secrets.add(tenant.clientSecret());
            secrets.add(tenant.token().substring(tenant.token().lastIndexOf('.') + 1));
            var control = gesher.simulator().control();
            var business = control.createBusiness("מאפיית לחם", "+972 3-555-0101");
            var accessToken = control.mintToken(business.wabaId());
            secrets.add(accessToken);
            assertThat(gesher.connect(tenant, business, "EAAplanted").status()).isEqualTo(422);
            assertThat(gesher.connect(tenant, business, accessToken).status()).isEqualTo(200);
            var link = gesher.post("/v1/connection/connect-links", tenant.token(), Map.of());
            var secret = link.at("/url").substring(link.at("/url").indexOf('#') + 1);
            secrets.add(secret.substring(secret.indexOf('.') + 1));
            var session =
                    gesher.json(
                            "POST",
                            "/v1/connection/embedded-signup/session",
                            "",
                            Map.of("secret", secret));
            var cookie = session.header("Set-Cookie").orElseThrow();
            assertThat(cookie).containsIgnoringCase("HttpOnly").contains("SameSite=Strict");
            var value = cookie.substring(cookie.indexOf('=') + 1, cookie.indexOf(';'));
            secrets.add(value.substring(value.indexOf('.') + 1));
            var code = control.mintCode(business.wabaId()).code();
            secrets.add(code);
            gesher.json(
                    "POST",
                    "/v1/connection/embedded-signup",
                    "",
                    Map.of("code", code),
                    "Cookie",
                    "gesher_connect=" + value);
            gesher.json(
                    "POST",
                    "/v1/connection/embedded-signup/00000000-0000-0000-0000-000000000000/pin",
                    "",
                    Map.of("pin", "987654"),
                    "Cookie",
                    "gesher_connect=" + value);
            control.customerWrites(business.phoneNumberId(), "+972502345678", "סוד של לקוחה");
            await().untilAsserted(() ->
                    assertThat(gesher.get("/v1/conversations", tenant.token()).json().at("/data"))
                            .hasSize(1));
            var sent =
                    gesher.post("/v1/messages", tenant.token(), Operations.message("050-234-5678"));
            assertThat(sent.status()).as(sent.text()).isEqualTo(202);
            await().untilAsserted(() ->
                    assertThat(
                                    gesher.get(
                                                    "/v1/messages/" + sent.at("/message_id"),
                                                    tenant.token())
                                            .at("/status"))
                            .isEqualTo("delivered"));
            // an authentication that fails, and a body that does not read
            gesher.token(
                    Map.of(
                            "grant_type",
                            "client_credentials",
                            "client_id",
                            tenant.clientId(),
                            "client_secret",
                            tenant.clientSecret() + "x"));
            gesher.post("/v1/messages", tenant.token(), Map.of("to", "050-234-5678", "content", 5));
        }
        return secrets;
    }
}
