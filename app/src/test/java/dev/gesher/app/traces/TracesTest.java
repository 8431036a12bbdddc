package dev.gesher.app.traces;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.world.Business;
import io.opentelemetry.proto.collector.trace.v1.ExportTraceServiceRequest;
import io.opentelemetry.proto.trace.v1.Span;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A collector of the test's own, on loopback, sees a message's way. */
class TracesTest {
    private static final String NUMBER = "+972502345678";
    private static final String CALLERS_TRACE = "4bf92f3577b34da6a3ce929d0e0e4736";
    private static final String CALLERS_SPAN = "00f067aa0ba902b7";
    private static final List<Span> SPANS = new CopyOnWriteArrayList<>();

    private static HttpServer collector;
    private static RunningGesher gesher;
    private static TestTenant tenant;
    private static Business business;

    @BeforeAll
    static void start() throws IOException {
        collector =
                HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        collector.createContext("/v1/traces", TracesTest::take);
        collector.start();
        gesher =
                RunningGesher.startWithSimulator(
                        Map.of(
                                "OTEL_EXPORTER_OTLP_ENDPOINT",
                                "http://127.0.0.1:" + collector.getAddress().getPort()));
        tenant = gesher.newTenant("a");
        business = gesher.connect(tenant, "+972 3-555-0101");
    }

    @AfterAll
    static void stop() {
        gesher.close();
        collector.stop(0);
    }

    private static void take(HttpExchange exchange) {
        try (exchange) {
            ExportTraceServiceRequest.parseFrom(exchange.getRequestBody().readAllBytes())
                    .getResourceSpansList()
                    .forEach(some ->
                            some.getScopeSpansList()
                                    .forEach(it -> SPANS.addAll(it.getSpansList())));
            exchange.sendResponseHeaders(200, -1);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Test
    void one_trace_leads_from_the_request_over_the_call_to_every_status() {
        var message = send("00-" + CALLERS_TRACE + "-" + CALLERS_SPAN + "-01");

        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(ofMessage(message))
                                .extracting(Span::getName)
                                .contains(
                                        "message.accept",
                                        "message.claim",
                                        "whatsapp.send",
                                        "message.status"));
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() ->
                        assertThat(ofMessage(message))
                                .anySatisfy(it ->
                                        assertThat(attributes(it))
                                                .containsEntry("gesher.status", "delivered")
                                                .containsEntry("gesher.effect", "moved")));
        var spans = ofMessage(message);
        var accept = named(spans, "message.accept");
        var claim = named(spans, "message.claim");
        var call = named(spans, "whatsapp.send");
        assertThat(spans)
                .allSatisfy(it -> assertThat(hex(it.getTraceId())).isEqualTo(CALLERS_TRACE));
        assertThat(hex(accept.getParentSpanId())).isEqualTo(CALLERS_SPAN);
        assertThat(claim.getParentSpanId()).isEqualTo(accept.getSpanId());
        assertThat(call.getParentSpanId()).isEqualTo(claim.getSpanId());
        assertThat(call.getKind()).isEqualTo(Span.SpanKind.SPAN_KIND_CLIENT);
        assertThat(attributes(call))
                .containsEntry("gesher.outcome", "accepted")
                .containsEntry("gesher.attempt", "1")
                .containsEntry("gesher.tenant", tenant.tenantId());
        assertThat(spans.stream().filter(it -> it.getName().equals("message.status")))
                .isNotEmpty()
                .allSatisfy(it -> assertThat(it.getParentSpanId()).isEqualTo(accept.getSpanId()));
    }

    @Test
    void a_caller_that_samples_nothing_or_writes_nonsense_gets_a_trace_of_its_own() {
        for (var theirs :
                List.of(
                        "00-" + CALLERS_TRACE + "-" + CALLERS_SPAN + "-00",
                        "00-" + "0".repeat(32) + "-" + CALLERS_SPAN + "-01",
                        "972502345678",
                        "")) {
            var message = send(theirs);

            await().atMost(Duration.ofSeconds(30))
                    .untilAsserted(() ->
                            assertThat(ofMessage(message))
                                    .anyMatch(it -> it.getName().equals("whatsapp.send")));
            var accept = named(ofMessage(message), "message.accept");
            assertThat(accept.getParentSpanId().isEmpty()).isTrue();
            assertThat(hex(accept.getTraceId())).isNotEqualTo(CALLERS_TRACE);
        }
    }

    @Test
    void no_attribute_holds_a_number_content_or_a_token() {
        var message = send("");
        await().atMost(Duration.ofSeconds(30))
                .untilAsserted(() -> assertThat(ofMessage(message)).hasSizeGreaterThan(3));

        assertThat(SPANS)
                .allSatisfy(it -> {
                    assertThat(it.getEventsCount()).isZero();
                    assertThat(attributes(it).keySet())
                            .isSubsetOf(
                                    "gesher.tenant",
                                    "gesher.message",
                                    "gesher.attempt",
                                    "gesher.outcome",
                                    "gesher.class",
                                    "gesher.status",
                                    "gesher.status_at",
                                    "gesher.effect");
                    assertThat(it.toString())
                            .doesNotContain(
                                    "502345678", "wamid", "EAA", "דנה", business.phoneNumberId());
                });
    }

    @Test
    void a_collector_that_is_away_costs_spans_and_nothing_else() {
        try (var lonely =
                RunningGesher.startWithSimulator(
                        Map.of(
                                "OTEL_EXPORTER_OTLP_ENDPOINT",
                                "http://127.0.0.1:" + RunningGesher.freePort()))) {
            var other = lonely.newTenant("b");
            lonely.connect(other, "+972 3-555-0102");
            var sent = lonely.post("/v1/messages", other.token(), Operations.template(NUMBER));
            assertThat(sent.status()).isEqualTo(202);

            await().atMost(Duration.ofSeconds(20))
                    .untilAsserted(() ->
                            assertThat(
                                            lonely.get(
                                                            "/v1/messages/"
                                                                    + sent.at("/message_id"),
                                                            other.token())
                                                    .at("/status"))
                                    .isEqualTo("delivered"));
        }
    }

    private static String send(String traceParent) {
        var sent =
                gesher.post(
                        "/v1/messages",
                        tenant.token(),
                        Operations.template(NUMBER),
                        "traceparent",
                        traceParent);
        assertThat(sent.status()).as(sent.text()).isEqualTo(202);
        return sent.at("/message_id");
    }

    private static List<Span> ofMessage(String message) {
        return SPANS.stream()
                .filter(it -> message.equals(attributes(it).get("gesher.message")))
                .toList();
    }

    private static Span named(List<Span> spans, String name) {
        return spans.stream().filter(it -> it.getName().equals(name)).findFirst().orElseThrow();
    }

    private static Map<String, String> attributes(Span span) {
        return span.getAttributesList().stream()
                .collect(Collectors.toMap(it -> it.getKey(), it -> it.getValue().getStringValue()));
    }

    private static String hex(com.google.protobuf.ByteString bytes) {
        return HexFormat.of().formatHex(bytes.toByteArray());
    }
}
