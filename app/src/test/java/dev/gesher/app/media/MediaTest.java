package dev.gesher.app.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.control.Inbound;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A customer's file, from the phone to the tenant's app. */
class MediaTest {
    private static final String CUSTOMER = "+972502345678";
    private static final byte[] PDF =
            "%PDF-1.7\nהסכם שכירות\n%%EOF".getBytes(StandardCharsets.UTF_8);

    private static RunningGesher gesher;
    private static TestTenant tenant;
    private static Business business;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        tenant = gesher.newTenant("מאפיית לחם");
        business = gesher.connect(tenant, "+972 3-555-0101");
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    /** A customer sends a file; the message, once it is here. */
    private static JsonNode sent(String type, Map<String, ?> file) {
        var content = JsonNodeFactory.instance.objectNode().put("type", type);
        content.set(type, new ObjectMapper().valueToTree(file));
        var wamid =
                gesher.simulator()
                        .control()
                        .customerWrites(Inbound.of(business.phoneNumberId(), CUSTOMER, content))
                        .wamid();
        await().until(() -> !message(wamid).isMissingNode());
        return message(wamid);
    }

    private static JsonNode message(String wamid) {
        var conversations = gesher.get("/v1/conversations", tenant.token());
        var id = conversations.at("/data/0/conversation_id");
        if (id.isEmpty()) {
            return JsonNodeFactory.instance.missingNode();
        }
        var page = gesher.get("/v1/conversations/" + id + "/messages?limit=200", tenant.token());
        for (var message : page.json().at("/data")) {
            if (message.path("wa_message_id").asText().equals(wamid)) {
                return message;
            }
        }
        return JsonNodeFactory.instance.missingNode();
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static Answer media(JsonNode message) {
        return gesher.get("/v1/media/" + message.at("/media/media_id").asText(), tenant.token());
    }

    private static JsonNode in(String state, JsonNode message) {
        var path = "/v1/messages/" + message.path("message_id").asText();
        await().untilAsserted(() ->
                assertThat(gesher.get(path, tenant.token()).at("/media/state")).isEqualTo(state));
        return gesher.get(path, tenant.token()).json();
    }

    @Test
    void a_file_is_here_soon_and_is_saved_and_not_shown() {
        var message =
                in(
                        "stored",
                        sent("document", Map.of("data", base64(PDF), "filename", "הסכם 17.pdf")));

        assertThat(message.at("/media/mime_type").asText()).isEqualTo("application/pdf");
        assertThat(message.at("/media/detected_mime_type").asText()).isEqualTo("application/pdf");
        assertThat(message.at("/media/type_mismatch").asBoolean()).isFalse();
        assertThat(message.at("/media/size").asInt()).isEqualTo(PDF.length);
        assertThat(message.at("/media/filename").asText()).isEqualTo("הסכם 17.pdf");
        var file = media(message);
        assertThat(file.status()).isEqualTo(200);
        assertThat(file.response().body()).isEqualTo(PDF);
        assertThat(file.headers("Content-Type")).containsExactly("application/pdf");
        assertThat(file.headers("Content-Length")).containsExactly(Integer.toString(PDF.length));
        assertThat(file.headers("Content-Disposition"))
                .containsExactly(
                        "attachment; filename=\"____ 17.pdf\"; filename*=UTF-8''%D7%94%D7%A1%D7%9B%D7%9D%2017.pdf");
        assertThat(file.headers("X-Content-Type-Options")).containsExactly("nosniff");
        assertThat(file.headers("Content-Security-Policy"))
                .containsExactly("sandbox; default-src 'none'");
        assertThat(file.headers("Cache-Control")).containsExactly("private, no-store");
    }

    @Test
    void what_a_browser_would_run_is_bytes() {
        var page = "<!DOCTYPE html><script>alert(1)</script>";
        var svg = "<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"/>";
        for (var said : List.of("image/jpeg", "text/html", "image/svg+xml")) {
            for (var content : List.of(page, svg)) {
                var message =
                        in(
                                "stored",
                                sent(
                                        "image",
                                        Map.of(
                                                "mime_type",
                                                said,
                                                "data",
                                                base64(content.getBytes(StandardCharsets.UTF_8)))));

                var file = media(message);

                assertThat(file.text()).isEqualTo(content);
                assertThat(file.headers("Content-Type"))
                        .containsExactly("application/octet-stream");
                assertThat(file.headers("Content-Disposition").getFirst())
                        .startsWith("attachment;");
                if (said.equals("image/jpeg")) {
                    assertThat(message.at("/media/type_mismatch").asBoolean()).isTrue();
                }
            }
        }
    }

    @Test
    void what_is_not_here_yet_says_when_to_come_again_and_then_is() {
        gesher.simulator()
                .control()
                .addFault(Match.any().path("GET /media/").times(2), Effect.httpError(503));
        var message = sent("image", Map.of());
        await().untilAsserted(
                        () -> assertThat(media(message).at("/last_error")).isEqualTo("http_503"));

        var pending = media(message);

        assertThat(pending.status()).isEqualTo(409);
        assertThat(pending.at("/code")).isEqualTo("media_pending");
        assertThat(pending.at("/detail")).contains("WhatsApp");
        assertThat(Integer.parseInt(pending.header("Retry-After").orElseThrow())).isBetween(2, 60);
        in("stored", message);
        assertThat(media(message).status()).isEqualTo(200);
    }

    @Test
    void what_will_not_come_says_why() {
        var message = in("failed", sent("document", Map.of("size", 104_857_601)));

        var failed = media(message);

        assertThat(failed.status()).isEqualTo(410);
        assertThat(failed.at("/code")).isEqualTo("media_failed");
        assertThat(failed.at("/cause")).isEqualTo("too_large");
        assertThat(message.at("/media/cause").asText()).isEqualTo("too_large");
    }

    @Test
    void only_who_may_gets_a_file_and_only_ones_own() {
        var message = in("stored", sent("image", Map.of()));
        var path = "/v1/media/" + message.at("/media/media_id").asText();
        var limited =
                gesher.newClient(
                        tenant.tenantId(),
                        Map.of("name", "reader", "scopes", List.of("messages:read")));

        assertThat(gesher.get(path, limited.token()).status()).isEqualTo(403);
        assertThat(gesher.get(path, gesher.newTenant("other").token()).status()).isEqualTo(404);
        assertThat(gesher.get("/v1/media/" + UUID.randomUUID(), tenant.token()).status())
                .isEqualTo(404);
        assertThat(gesher.get("/v1/media/x", tenant.token()).status()).isEqualTo(404);
        var metas = message.at("/content/image/id").asText();
        assertThat(gesher.get("/v1/media/" + metas, tenant.token()).status()).isEqualTo(404);
    }

    @Test
    void a_file_that_is_gone_from_the_storage_is_503_and_tells_nothing() throws IOException {
        var message = in("stored", sent("image", Map.of()));
        var id = message.at("/media/media_id").asText();
        var object =
                objects()
                        .resolve(tenant.tenantId())
                        .resolve(id.substring(id.length() - 2))
                        .resolve(id);
        Files.delete(object);

        var answer = media(message);

        assertThat(answer.status()).isEqualTo(503);
        assertThat(answer.text()).doesNotContain("objects", tenant.tenantId());
    }

    private static Path objects() {
        return gesher.settings().mediaStorage().dir().resolve("objects");
    }

    @Test
    void who_hangs_up_leaves_no_file_open() throws IOException {
        var message =
                in("stored", sent("video", Map.of("size", 20_000_000, "mime_type", "video/x")));
        var path = "/v1/media/" + message.at("/media/media_id").asText();
        for (int n = 0; n < 5; n++) {
            try (var socket =
                    new Socket(InetAddress.getLoopbackAddress(), gesher.settings().ports().api())) {
                socket.getOutputStream()
                        .write(
                                ("GET "
                                                + path
                                                + " HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer "
                                                + tenant.token()
                                                + "\r\n\r\n")
                                        .getBytes(StandardCharsets.US_ASCII));
                assertThat(socket.getInputStream().readNBytes(100_000)).hasSize(100_000);
            }
        }

        await().untilAsserted(() -> assertThat(openObjects()).isEmpty());
        assertThat(media(message).response().body()).hasSize(20_000_000);
    }

    /** The objects that this process has open. */
    private static List<Path> openObjects() throws IOException {
        var root = objects().toRealPath();
        try (var open = Files.list(Path.of("/proc/self/fd"))) {
            return open.map(MediaTest::target).filter(it -> it.startsWith(root)).toList();
        }
    }

    private static Path target(Path link) {
        try {
            return Files.readSymbolicLink(link);
        } catch (IOException closedMeanwhile) {
            return Path.of("");
        }
    }
}
