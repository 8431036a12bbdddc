package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

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

    @Test
    void the_window_can_fail_by_webhook_instead() throws Exception {
        scene.control.changeQuirks("{\"asynchronous_window\":true}");
        assertThat(scene.sendText("a").status()).isEqualTo(200);
        await().until(() -> scene.control.pendingWebhooks() == 0);

        var status = scene.app.statuses().getFirst();
        assertThat(status.path("status").asText()).isEqualTo("failed");
        assertThat(status.at("/errors/0/code").asInt()).isEqualTo(131047);
        assertThat(status.at("/errors/0/error_data/details").asText()).contains("24 hours");
    }

    @Test
    void a_template_needs_no_window_and_is_filled_in() throws Exception {
        var sent =
                scene.send(
                        template(
                                "order_update",
                                "he",
                                "{\"type\":\"text\",\"parameter_name\":\"order_id\",\"text\":\"A-17\"},"
                                        + "{\"type\":\"text\",\"parameter_name\":\"first_name\",\"text\":\"דנה\"}"));

        assertThat(sent.status()).isEqualTo(200);
        var message = scene.control.sentTo(Scene.CUSTOMER).getFirst();
        assertThat(message.text()).contains("שלום דנה, הזמנה A-17 בדרך אליך.");
        await().until(() -> scene.control.pendingWebhooks() == 0);
        assertThat(scene.app.statuses().getFirst().at("/pricing/category").asText())
                .isEqualTo("utility");
    }

    private static String template(String name, String language, String bodyParameters) {
        var components =
                bodyParameters.isEmpty()
                        ? ""
                        : ",\"components\":[{\"type\":\"body\",\"parameters\":["
                                + bodyParameters
                                + "]}]";
        return "\"type\":\"template\",\"template\":{\"name\":\""
                + name
                + "\",\"language\":{\"code\":\""
                + language
                + "\"}"
                + components
                + "}";
    }

    private static String text(String value) {
        return "{\"type\":\"text\",\"text\":\"" + value + "\"}";
    }

    private static String named(String name, String value) {
        return "{\"type\":\"text\",\"parameter_name\":\"" + name + "\",\"text\":\"" + value + "\"}";
    }

    @Test
    void templates_are_refused_as_meta_refuses_them() throws Exception {
        assertThat(refused(template("nonsense", "he", ""))).isEqualTo(132001);
        assertThat(refused(template("parcel_update", "he", text("A")))).isEqualTo(132001);
        assertThat(refused(template("summer_sale", "he", ""))).isEqualTo(132001);
        assertThat(refused(template("delivery_delay", "he", text("דנה")))).isEqualTo(132015);
        assertThat(refused(template("appointment_reminder", "he", text("דנה")))).isEqualTo(132000);
        assertThat(refused(template("appointment_reminder", "he", text("דנה") + "," + text(""))))
                .isEqualTo(131008);
        assertThat(
                        refused(
                                template(
                                        "appointment_reminder",
                                        "he",
                                        text("א\\nב") + "," + text("10:30"))))
                .isEqualTo(132012);
        assertThat(refused(template("order_update", "he", text("דנה") + "," + text("A-17"))))
                .isEqualTo(132012);
        assertThat(
                        refused(
                                template(
                                        "order_update",
                                        "he",
                                        named("first_name", "א") + "," + named("first_name", "ב"))))
                .isEqualTo(132012);
        assertThat(refused(template("photo_update", "he", text("דנה")))).isEqualTo(132012);
        assertThat(refused(template("track_parcel", "he", text("דנה")))).isEqualTo(131008);
        assertThat(refused(template("hello_world", "en_US", text("extra")))).isEqualTo(132000);
        assertThat(refused(template("parcel_update", "en_US", text("x".repeat(1100)))))
                .isEqualTo(132005);
        assertThat(refused("\"type\":\"template\",\"template\":{\"name\":\"hello_world\"}"))
                .isEqualTo(131008);
        assertThat(scene.send(template("nonsense", "he", "")).status()).isEqualTo(404);
        var inV23 =
                scene.client.post(
                        "/v23.0/" + scene.number + "/messages",
                        "{\"messaging_product\":\"whatsapp\",\"to\":\"+972501234567\","
                                + template("order_update", "he", text("דנה") + "," + text("A-17"))
                                + "}");
        assertThat(inV23.code()).isEqualTo(132018);
    }

    @Test
    void a_template_with_image_header_and_one_with_buttons_go_out() throws Exception {
        var photo =
                "\"type\":\"template\",\"template\":{\"name\":\"photo_update\",\"language\":{\"code\":\"he\"},\"components\":["
                        + "{\"type\":\"header\",\"parameters\":[{\"type\":\"image\",\"image\":{\"link\":\"https://example.com/a.jpg\"}}]},"
                        + "{\"type\":\"body\",\"parameters\":["
                        + text("דנה")
                        + "]}]}";
        assertThat(scene.send(photo).status()).isEqualTo(200);
        var track =
                "\"type\":\"template\",\"template\":{\"name\":\"track_parcel\",\"language\":{\"code\":\"he\"},\"components\":["
                        + "{\"type\":\"body\",\"parameters\":["
                        + text("דנה")
                        + "]},{\"type\":\"button\",\"sub_type\":\"url\",\"index\":1,\"parameters\":["
                        + text("abc")
                        + "]}]}";
        assertThat(scene.send(track).status()).isEqualTo(200);
    }

    /** The code a send is refused with. */
    private int refused(String typeAndBody) throws Exception {
        var answer = scene.send(typeAndBody);
        assertThat(answer.status()).as(answer.json().toString()).isGreaterThanOrEqualTo(400);
        return answer.code();
    }

    @Test
    void free_form_shapes_and_sizes_are_checked() throws Exception {
        scene.customerWrote();
        assertThat(refused("\"type\":\"text\"")).isEqualTo(131008);
        assertThat(refused("\"type\":\"text\",\"text\":{}")).isEqualTo(131008);
        assertThat(refused("\"type\":\"text\",\"text\":{\"body\":\"" + "א".repeat(4097) + "\"}"))
                .isEqualTo(100);
        assertThat(refused("\"type\":\"nonsense\",\"nonsense\":{}")).isEqualTo(131009);
        assertThat(refused("\"type\":\"image\",\"image\":{}")).isEqualTo(131008);
        assertThat(refused("\"type\":\"image\",\"image\":{\"id\":\"1\"}")).isEqualTo(131009);
        assertThat(refused("\"type\":\"image\",\"image\":{\"link\":\"ftp://a\"}"))
                .isEqualTo(131009);
        assertThat(refused(image("https://example.com/a.jpg", "א".repeat(1025)))).isEqualTo(100);
        assertThat(
                        refused(
                                "\"type\":\"audio\",\"audio\":{\"link\":\"https://a.co/a.ogg\",\"caption\":\"x\"}"))
                .isEqualTo(100);
        assertThat(
                        refused(
                                "\"type\":\"location\",\"location\":{\"latitude\":\"91\",\"longitude\":\"0\"}"))
                .isEqualTo(131009);
        assertThat(refused("\"type\":\"contacts\",\"contacts\":[]")).isEqualTo(131008);
        assertThat(
                        refused(
                                "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"A\"}}]"))
                .isEqualTo(131009);
        assertThat(
                        refused(
                                "\"type\":\"reaction\",\"reaction\":{\"message_id\":\"wamid.x\",\"emoji\":\"x\"}"))
                .isEqualTo(131009);
        assertThat(refused(buttons("1", "2", "3", "4"))).isEqualTo(131009);
        assertThat(refused(buttons("כן", "כן"))).isEqualTo(131009);
        assertThat(refused(buttons("x".repeat(21)))).isEqualTo(131009);
        assertThat(
                        refused(
                                "\"type\":\"text\",\"text\":{\"body\":\"a\"},\"biz_opaque_callback_data\":\""
                                        + "x".repeat(513)
                                        + "\""))
                .isEqualTo(100);
        assertThat(scene.control.sentMessages()).isEmpty();
    }

    private static String image(String link, String caption) {
        return "\"type\":\"image\",\"image\":{\"link\":\""
                + link
                + "\",\"caption\":\""
                + caption
                + "\"}";
    }

    private static String buttons(String... titles) {
        var all = new StringBuilder();
        for (var i = 0; i < titles.length; i++) {
            all.append(i == 0 ? "" : ",")
                    .append(
                            "{\"type\":\"reply\",\"reply\":{\"id\":\""
                                    + i
                                    + "\",\"title\":\""
                                    + titles[i]
                                    + "\"}}");
        }
        return "\"type\":\"interactive\",\"interactive\":{\"type\":\"button\",\"body\":{\"text\":\"b\"},\"action\":{\"buttons\":["
                + all
                + "]}}";
    }

    @Test
    void every_other_type_is_taken_in_its_window() throws Exception {
        scene.customerWrote();
        assertThat(scene.send(image("https://example.com/a.jpg", "תמונה")).status()).isEqualTo(200);
        assertThat(
                        scene.send("\"type\":\"video\",\"video\":{\"link\":\"https://a.co/v.mp4\"}")
                                .status())
                .isEqualTo(200);
        assertThat(
                        scene.send(
                                        "\"type\":\"document\",\"document\":{\"link\":\"https://a.co/d.pdf\",\"filename\":\"ד.pdf\"}")
                                .status())
                .isEqualTo(200);
        assertThat(
                        scene.send(
                                        "\"type\":\"sticker\",\"sticker\":{\"link\":\"https://a.co/s.webp\"}")
                                .status())
                .isEqualTo(200);
        assertThat(
                        scene.send(
                                        "\"type\":\"location\",\"location\":{\"latitude\":\"32.08\",\"longitude\":34.78}")
                                .status())
                .isEqualTo(200);
        assertThat(
                        scene.send(
                                        "\"type\":\"contacts\",\"contacts\":[{\"name\":{\"formatted_name\":\"A B\",\"first_name\":\"A\"}}]")
                                .status())
                .isEqualTo(200);
        assertThat(scene.send(buttons("כן", "לא")).status()).isEqualTo(200);
        assertThat(scene.send(list("בחירה", "אחד")).status()).isEqualTo(200);
        assertThat(refused(list("x".repeat(21), "אחד"))).isEqualTo(131009);
        assertThat(refused(list("בחירה", "x".repeat(25)))).isEqualTo(131009);
        var inbound = scene.control.customerWrites(scene.number, Scene.CUSTOMER, "עוד");
        assertThat(
                        scene.send(
                                        "\"type\":\"reaction\",\"reaction\":{\"message_id\":\""
                                                + inbound.wamid()
                                                + "\",\"emoji\":\"👍\"}")
                                .status())
                .isEqualTo(200);
        assertThat(scene.send("\"text\":{\"body\":\"no type means text\"}").status())
                .isEqualTo(200);
    }

    private static String list(String button, String row) {
        return "\"type\":\"interactive\",\"interactive\":{\"type\":\"list\",\"body\":{\"text\":\"b\"},\"action\":{\"button\":\""
                + button
                + "\",\"sections\":[{\"rows\":[{\"id\":\"1\",\"title\":\""
                + row
                + "\"}]}]}}";
    }

    @Test
    void numbers_are_dialled_as_meta_dials_them() throws Exception {
        scene.customerWrote();
        assertThat(dialled("+972 (50) 123-4567")).isEqualTo("972501234567");
        assertThat(dialled("972501234567")).isEqualTo("972501234567");
        assertThat(dialled("050-123-4567")).isEqualTo("972501234567");
        assertThat(
                        scene.sendTo("+97235550101", "\"type\":\"text\",\"text\":{\"body\":\"a\"}")
                                .code())
                .isEqualTo(131021);
        assertThat(scene.sendTo("abc", "\"type\":\"text\",\"text\":{\"body\":\"a\"}").code())
                .isEqualTo(131009);
        assertThat(scene.sendTo("", "\"type\":\"text\",\"text\":{\"body\":\"a\"}").code())
                .isEqualTo(100);
        // A foreign number without plus reaches a stranger at home.
        scene.control.customerWrites(scene.number, "+972442079460000", "hi");
        assertThat(dialled("442079460000")).isEqualTo("972442079460000");
    }

    private String dialled(String to) throws Exception {
        return scene.sendTo(to, "\"type\":\"text\",\"text\":{\"body\":\"a\"}")
                .json()
                .at("/contacts/0/wa_id")
                .asText();
    }

    @Test
    void the_envelope_is_checked() throws Exception {
        var path = "/v21.0/" + scene.number + "/messages";
        assertThat(scene.client.post(path, "{}").code()).isEqualTo(100);
        assertThat(scene.client.post(path, "not json").code()).isEqualTo(100);
        assertThat(scene.client.post("/v21.0/123/messages", "{}").code()).isEqualTo(100);
        assertThat(scene.anonymous.post(path, "{}").code()).isEqualTo(104);
        var group =
                scene.client.post(
                        path,
                        "{\"messaging_product\":\"whatsapp\",\"recipient_type\":\"group\",\"to\":\"1\",\"type\":\"text\",\"text\":{\"body\":\"a\"}}");
        assertThat(group.code()).isEqualTo(131009);
    }

    @Test
    void one_number_sends_eighty_a_second_and_one_pair_forty_five_at_once() throws Exception {
        scene.customerWrote();
        for (var i = 0; i < 45; i++) {
            assertThat(scene.sendText("a").status()).isEqualTo(200);
        }
        assertThat(scene.sendText("b").code()).isEqualTo(131056);
        scene.clock.advance(Duration.ofSeconds(6));
        assertThat(scene.sendText("c").status()).isEqualTo(200);
        assertThat(scene.sendText("d").code()).isEqualTo(131056);

        scene.clock.advance(Duration.ofSeconds(1));
        for (var i = 0; i < 80; i++) {
            assertThat(
                            scene.sendTo(
                                            "+97250000" + (1000 + i),
                                            template("hello_world", "en_US", ""))
                                    .status())
                    .isEqualTo(200);
        }
        var over = scene.sendTo("+972500009999", template("hello_world", "en_US", ""));
        assertThat(over.code()).isEqualTo(130429);
        assertThat(over.json().at("/error/message").asText()).isEqualTo("(#130429) Rate limit hit");
        scene.control.changeQuirks("{\"rate_limits\":false}");
        assertThat(scene.sendText("e").status()).isEqualTo(200);
    }

    @Test
    void reading_and_typing_mark_what_came_in() throws Exception {
        var first = scene.control.customerWrites(scene.number, Scene.CUSTOMER, "1");
        var second = scene.control.customerWrites(scene.number, Scene.CUSTOMER, "2");
        var path = "/v21.0/" + scene.number + "/messages";
        var read =
                scene.client.post(
                        path,
                        "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\""
                                + second.wamid()
                                + "\",\"typing_indicator\":{\"type\":\"text\"}}");

        assertThat(read.json().path("success").asBoolean()).isTrue();
        assertThat(scene.control.conversation(scene.number, Scene.CUSTOMER).messages())
                .extracting(message -> message.statuses())
                .containsExactly(
                        java.util.List.of("received", "read"),
                        java.util.List.of("received", "read", "typing"));
        assertThat(first.wamid()).isNotEqualTo(second.wamid());
        assertThat(
                        scene.client
                                .post(
                                        path,
                                        "{\"messaging_product\":\"whatsapp\",\"status\":\"read\",\"message_id\":\"wamid.x\"}")
                                .code())
                .isEqualTo(131009);
    }

    @Test
    void the_answer_follows_the_quirks() throws Exception {
        scene.customerWrote();
        scene.control.changeQuirks("{\"message_status_missing\":true,\"identity\":\"phone_only\"}");
        var bare = scene.sendText("a").json();
        assertThat(bare.at("/messages/0/message_status").isMissingNode()).isTrue();
        assertThat(bare.at("/contacts/0/user_id").isMissingNode()).isTrue();

        scene.control.changeQuirks("{\"message_status_missing\":false,\"hold_templates\":true}");
        var held = scene.send(template("hello_world", "en_US", "")).json();
        assertThat(held.at("/messages/0/message_status").asText())
                .isEqualTo("held_for_quality_assessment");
        var wamid = held.at("/messages/0/id").asText();
        await().until(() -> scene.control.pendingWebhooks() == 0);
        assertThat(scene.app.statusNames()).hasSize(2);
        scene.control.status(wamid, "failed", 132015);
        await().until(() -> scene.app.statusNames().size() == 3);
        assertThat(scene.app.statuses().getLast().at("/errors/0/code").asInt()).isEqualTo(132015);
    }

    @Test
    void a_user_id_reaches_the_person_behind_it() throws Exception {
        scene.customerWrote();
        var userId = scene.sendText("a").json().at("/contacts/0/user_id").asText();
        var path = "/v21.0/" + scene.number + "/messages";
        var byId =
                scene.client.post(
                        path,
                        "{\"messaging_product\":\"whatsapp\",\"recipient\":\""
                                + userId
                                + "\",\"type\":\"text\",\"text\":{\"body\":\"b\"}}");
        assertThat(byId.json().at("/contacts/0/user_id").asText()).isEqualTo(userId);
        assertThat(byId.json().at("/contacts/0/wa_id").isMissingNode()).isTrue();
        assertThat(scene.control.sentTo(Scene.CUSTOMER)).hasSize(2);
        var stranger =
                scene.client.post(
                        path,
                        "{\"messaging_product\":\"whatsapp\",\"recipient\":\"IL.1\",\"type\":\"text\",\"text\":{\"body\":\"b\"}}");
        assertThat(stranger.code()).isEqualTo(131009);
    }
}
