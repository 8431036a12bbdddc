package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.control.Inbound;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MediaTest {
    private static final byte[] PICTURE =
            "\r\n--a picture--\r\n\0".getBytes(StandardCharsets.UTF_8);
    private Scene scene;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private String uploaded() throws Exception {
        return scene.client
                .upload("/v21.0/" + scene.number + "/media", "image/png", PICTURE)
                .json()
                .path("id")
                .asText();
    }

    @Test
    void an_upload_can_be_resolved_downloaded_sent_and_deleted() throws Exception {
        var id = uploaded();
        var node = scene.client.get("/v21.0/" + id).json();
        assertThat(node.path("messaging_product").asText()).isEqualTo("whatsapp");
        assertThat(node.path("mime_type").asText()).isEqualTo("image/png");
        assertThat(node.path("file_size").asInt()).isEqualTo(PICTURE.length);
        assertThat(node.path("sha256").asText())
                .isEqualTo(
                        HexFormat.of()
                                .formatHex(MessageDigest.getInstance("SHA-256").digest(PICTURE)));

        var download = scene.client.get(node.path("url").asText());
        assertThat(download.raw().body()).isEqualTo(PICTURE);
        assertThat(download.raw().headers().firstValue("Content-Type")).contains("image/png");
        assertThat(scene.anonymous.get(node.path("url").asText()).status()).isEqualTo(401);

        scene.customerWrote();
        var image = "\"type\":\"image\",\"image\":{\"id\":\"" + id + "\",\"caption\":\"תמונה\"}";
        assertThat(scene.send(image).status()).isEqualTo(200);
        assertThat(scene.client.delete("/v21.0/" + id).json().path("success").asBoolean()).isTrue();
        assertThat(scene.client.get("/v21.0/" + id).code()).isEqualTo(100);
        assertThat(scene.send(image).code()).isEqualTo(131009);
    }

    @Test
    void an_address_lives_five_minutes_and_an_upload_thirty_days() throws Exception {
        var id = uploaded();
        var url = scene.client.get("/v21.0/" + id).json().path("url").asText();
        scene.clock.advance(Duration.ofMinutes(5).minusSeconds(1));
        assertThat(scene.client.get(url).status()).isEqualTo(200);
        scene.clock.advance(Duration.ofSeconds(1));
        assertThat(scene.client.get(url).status()).isEqualTo(404);

        scene.clock.advance(Duration.ofDays(30));
        assertThat(scene.client.get("/v21.0/" + id).code()).isEqualTo(100);
    }

    @Test
    void media_belongs_to_its_number_and_account() throws Exception {
        var id = uploaded();
        assertThat(scene.client.get("/v21.0/" + id + "?phone_number_id=" + scene.number).status())
                .isEqualTo(200);
        assertThat(scene.client.get("/v21.0/" + id + "?phone_number_id=1").code()).isEqualTo(100);
        var other = scene.control.createBusiness("אחר", "+972 3-555-0199");
        var stranger =
                new Client(scene.simulator.baseUrl(), scene.control.mintToken(other.wabaId()));
        assertThat(stranger.get("/v21.0/" + id).code()).isEqualTo(100);
        var url = scene.client.get("/v21.0/" + id).json().path("url").asText();
        assertThat(stranger.get(url).status()).isEqualTo(400);
    }

    @Test
    void types_and_sizes_are_checked() throws Exception {
        var path = "/v21.0/" + scene.number + "/media";
        assertThat(scene.client.upload(path, "image/gif", PICTURE).code()).isEqualTo(100);
        assertThat(scene.client.upload(path, "image/webp", new byte[600_000]).code())
                .isEqualTo(131053);
        assertThat(scene.client.post(path, "{\"messaging_product\":\"whatsapp\"}").code())
                .isEqualTo(100);
        var sticker = scene.client.upload(path, "image/webp", PICTURE).json().path("id").asText();
        scene.customerWrote();
        assertThat(scene.send("\"type\":\"image\",\"image\":{\"id\":\"" + sticker + "\"}").code())
                .isEqualTo(131053);
    }

    private JsonNode received(String image) {
        var content = (ObjectNode) Json.parse("{\"type\":\"image\",\"image\":" + image + "}");
        scene.control.customerWrites(Inbound.of(scene.number, Scene.CUSTOMER, content));
        await().until(() -> !scene.app.messages().isEmpty());
        return scene.app.messages().getLast().path("image");
    }

    @Test
    void a_customers_file_can_be_big_or_told_with_another_hash_and_without_an_address()
            throws Exception {
        var hash = "A".repeat(43) + "=";
        scene.control.changeQuirks("{\"media_url\":false}");

        var image = received("{\"size\":1000000,\"sha256\":\"" + hash + "\"}");

        assertThat(image.path("sha256").asText()).isEqualTo(hash);
        assertThat(image.has("url")).isFalse();
        var node = scene.client.get("/v21.0/" + image.path("id").asText()).json();
        assertThat(node.path("sha256").asText()).isEqualTo("0".repeat(64));
        assertThat(node.path("file_size").asInt()).isEqualTo(1_000_000);
    }

    @Test
    void a_download_can_be_redirected_or_break_off() throws Exception {
        var url = scene.client.get("/v21.0/" + uploaded()).json().path("url").asText();
        scene.control.addFault(
                Match.any().path("^GET /media/").times(1),
                Effect.redirect("https://example.org/x"));
        scene.control.addFault(Match.any().path("^GET /media/").times(1), Effect.drop(Drop.MIDWAY));

        var redirected = scene.client.get(url);
        assertThat(redirected.status()).isEqualTo(302);
        assertThat(redirected.raw().headers().firstValue("Location"))
                .contains("https://example.org/x");
        assertThatThrownBy(() -> scene.client.get(url)).isInstanceOf(IOException.class);
        assertThat(scene.client.get(url).raw().body()).isEqualTo(PICTURE);
    }
}
