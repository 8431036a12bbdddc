package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class MessagesTest {
    private Scene scene;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    @Test
    void a_text_inside_the_window_is_accepted_in_metas_shape() throws Exception {
        scene.customerWrote();

        var answer = scene.sendText("שלום דנה");

        assertThat(answer.status()).isEqualTo(200);
        assertThat(answer.json().path("messaging_product").asText()).isEqualTo("whatsapp");
        assertThat(answer.json().at("/contacts/0/input").asText()).isEqualTo("+972501234567");
        assertThat(answer.json().at("/contacts/0/wa_id").asText()).isEqualTo("972501234567");
        assertThat(answer.json().at("/contacts/0/user_id").asText()).startsWith("IL.");
        assertThat(answer.json().at("/messages/0/message_status").asText()).isEqualTo("accepted");
        var wamid = answer.json().at("/messages/0/id").asText();
        assertThat(wamid).startsWith("wamid.");
        var inside = Base64.getDecoder().decode(wamid.substring("wamid.".length()));
        assertThat(new String(inside, StandardCharsets.ISO_8859_1)).contains("972501234567");
        assertThat(scene.control.sentTo("+972501234567"))
                .singleElement()
                .satisfies(sent -> assertThat(sent.text()).isEqualTo("שלום דנה"));
    }

    @Test
    void free_form_needs_a_customer_who_wrote_within_a_day() throws Exception {
        assertThat(scene.sendText("a").code()).isEqualTo(131047);

        scene.customerWrote();
        scene.clock.advance(Duration.ofHours(24).minusSeconds(1));
        assertThat(scene.sendText("b").status()).isEqualTo(200);

        scene.clock.advance(Duration.ofSeconds(1));
        var late = scene.sendText("c");
        assertThat(late.status()).isEqualTo(400);
        assertThat(late.code()).isEqualTo(131047);
        assertThat(late.json().at("/error/message").asText())
                .isEqualTo("(#131047) Re-engagement message");
        assertThat(late.json().at("/error/type").asText()).isEqualTo("OAuthException");
        assertThat(late.json().at("/error/error_data/messaging_product").asText())
                .isEqualTo("whatsapp");
        assertThat(late.json().at("/error/fbtrace_id").asText()).isNotEmpty();
    }
}
