package dev.gesher.app.log;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.ConsoleAppender;
import ch.qos.logback.core.read.ListAppender;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** What a running Gesher logs, by the product's own configuration. */
class LogKeysTest {
    private static final Set<String> FIELDS =
            Set.of("time", "level", "logger", "text", "correlation", "tenant", "message", "trace");
    private static final ListAppender<ILoggingEvent> LINES =
            new ListAppender<>() {
                @Override
                protected void append(ILoggingEvent event) {
                    event.prepareForDeferredProcessing();
                    super.append(event);
                }
            };
    private static final LoggerContext JSON = new LoggerContext();

    private static RunningGesher gesher;
    private static TestTenant tenant;

    @BeforeAll
    static void start() {
        LogFormats.configure(JSON, "/logback-json.xml");
        LINES.start();
        root().addAppender(LINES);
        product().setLevel(Level.INFO);
        gesher = RunningGesher.startWithSimulator();
        tenant = gesher.newTenant("a");
        gesher.connect(tenant, "03-123-4567");
    }

    @AfterAll
    static void stop() {
        product().setLevel(null);
        root().detachAppender(LINES);
        gesher.close();
        JSON.stop();
    }

    private static Logger root() {
        return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
    }

    private static Logger product() {
        return (Logger) LoggerFactory.getLogger("dev.gesher");
    }

    /** The lines so far, as production writes them. */
    private static List<JsonNode> lines() {
        var encoder =
                ((ConsoleAppender<ILoggingEvent>)
                                JSON.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME)
                                        .getAppender("stderr"))
                        .getEncoder();
        var lines = new ArrayList<JsonNode>();
        for (var event : List.copyOf(LINES.list)) {
            var line = new String(encoder.encode(event), StandardCharsets.UTF_8);
            assertThat(line.strip().lines()).hasSize(1);
            try {
                lines.add(new ObjectMapper().readTree(line));
            } catch (IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        return lines;
    }

    @Test
    void a_workers_line_carries_the_request_it_began_with() {
        var accepted =
                gesher.post(
                        "/v1/messages",
                        tenant.token(),
                        Operations.template("050-234-5678"),
                        "X-Correlation-Id",
                        "order-17.first");
        assertThat(accepted.status()).as(accepted.text()).isEqualTo(202);

        await().atMost(Duration.ofSeconds(20))
                .untilAsserted(() ->
                        assertThat(lines())
                                .anySatisfy(line -> {
                                    assertThat(line.at("/text").asText())
                                            .startsWith("send attempt=1 result=");
                                    assertThat(line.at("/correlation").asText())
                                            .isEqualTo("order-17.first");
                                    assertThat(line.at("/tenant").asText())
                                            .isEqualTo(tenant.tenantId());
                                    assertThat(line.at("/message").asText())
                                            .isEqualTo(accepted.at("/message_id"));
                                }));
        assertThat(lines())
                .allSatisfy(line -> {
                    assertThat(FIELDS)
                            .containsAll(
                                    line.properties().stream().map(it -> it.getKey()).toList());
                    assertThat(line.toString()).doesNotContain("502345678", "031234567");
                });
    }

    @Test
    void no_header_of_a_caller_reaches_a_line_as_it_was() throws IOException {
        var random = new Random(17);
        var hostile =
                new ArrayList<>(
                        List.of(
                                "972502345678",
                                "+972502345678",
                                "\u202E\u2066forged1234",
                                "${jndi:ldap://x}",
                                "a b\tc\u0085defgh",
                                "\"},{\"level\":\"ERROR\"",
                                "x".repeat(5_000)));
        for (int i = 0; i < 200; i++) {
            var bytes = new byte[8 + random.nextInt(56)];
            random.nextBytes(bytes);
            hostile.add(new String(bytes, StandardCharsets.ISO_8859_1));
        }
        for (var value : hostile) {
            // A refusal that is logged, with the caller's own correlation where that is taken.
            raw(
                    "POST /webhooks/whatsapp HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n"
                            + "X-Correlation-Id: "
                            + value.replaceAll("[\r\n\u0000]", "?")
                            + "\r\n\r\n");
        }
        LoggerFactory.getLogger("dev.gesher.test").warn("done");

        assertThat(lines())
                .allSatisfy(line -> {
                    var correlation = line.at("/correlation").asText("");
                    assertThat(correlation).matches("[A-Za-z0-9._:…-]{0,64}");
                    assertThat(correlation).doesNotContain("502345678");
                });
    }

    private static void raw(String request) throws IOException {
        try (var socket =
                new Socket(InetAddress.getLoopbackAddress(), gesher.settings().ports().api())) {
            socket.getOutputStream().write(request.getBytes(StandardCharsets.ISO_8859_1));
            socket.getOutputStream().flush();
            assertThat(socket.getInputStream().readAllBytes()).isNotEmpty();
        }
    }
}
