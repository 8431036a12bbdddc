package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContent.Image;
import dev.gesher.whatsapp.MessageContent.Parameter;
import dev.gesher.whatsapp.MessageContent.Template;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class GraphMessagesTest {
    private static final Recipient DANA = new Recipient.Phone(new PhoneNumber("+972501234567"));

    @Test
    void a_text_goes_out_in_metas_shape() throws Exception {
        assertSent(
                DANA,
                new Text("שלום דנה", true),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567",
                 "type":"text","text":{"preview_url":true,"body":"שלום דנה"},"biz_opaque_callback_data":"m.1"}
                """);
    }

    @Test
    void a_user_id_stands_in_recipient() throws Exception {
        assertSent(
                new Recipient.UserId("IL.13491208655302741918"),
                new Text("hi", false),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","recipient":"IL.13491208655302741918",
                 "type":"text","text":{"preview_url":false,"body":"hi"},"biz_opaque_callback_data":"m.1"}
                """);
    }

    @Test
    void an_image_goes_by_id_or_by_link() throws Exception {
        assertSent(
                DANA,
                new Image("1013859600285441", null, "קבלה"),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567",
                 "type":"image","image":{"id":"1013859600285441","caption":"קבלה"},"biz_opaque_callback_data":"m.1"}
                """);
        assertSent(
                DANA,
                new Image(null, "https://example.org/a.jpg", null),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567",
                 "type":"image","image":{"link":"https://example.org/a.jpg"},"biz_opaque_callback_data":"m.1"}
                """);
    }

    @Test
    void named_parameters_become_the_body_component() throws Exception {
        assertSent(
                DANA,
                new Template(
                        "order_update",
                        Optional.of("he"),
                        List.of(
                                new Parameter("first_name", "דנה"),
                                new Parameter("order_id", "A-1")),
                        Optional.empty()),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567","type":"template",
                 "template":{"name":"order_update","language":{"policy":"deterministic","code":"he"},"components":[
                  {"type":"body","parameters":[
                   {"type":"text","parameter_name":"first_name","text":"דנה"},
                   {"type":"text","parameter_name":"order_id","text":"A-1"}]}]},
                 "biz_opaque_callback_data":"m.1"}
                """);
    }

    @Test
    void positional_parameters_keep_their_order_and_have_no_name() throws Exception {
        assertSent(
                DANA,
                new Template(
                        "order_update",
                        Optional.of("en_US"),
                        List.of(new Parameter("", "Dana"), new Parameter("", "A-1")),
                        Optional.empty()),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567","type":"template",
                 "template":{"name":"order_update","language":{"policy":"deterministic","code":"en_US"},"components":[
                  {"type":"body","parameters":[{"type":"text","text":"Dana"},{"type":"text","text":"A-1"}]}]},
                 "biz_opaque_callback_data":"m.1"}
                """);
    }

    @Test
    void a_template_without_variables_has_no_components_at_all() throws Exception {
        assertSent(
                DANA,
                new Template("hello_world", Optional.of("he"), List.of(), Optional.empty()),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567","type":"template",
                 "template":{"name":"hello_world","language":{"policy":"deterministic","code":"he"}},
                 "biz_opaque_callback_data":"m.1"}
                """);
    }

    @Test
    void metas_own_components_go_out_as_they_came() throws Exception {
        String components =
                """
                [{"type":"header","parameters":[{"type":"image","image":{"id":"1"}}]},
                 {"type":"button","sub_type":"quick_reply","index":"0","parameters":[{"type":"payload","payload":"STOP"}]}]
                """;
        assertSent(
                DANA,
                new Template("promo", Optional.of("he"), List.of(), Optional.of(components)),
                """
                {"messaging_product":"whatsapp","recipient_type":"individual","to":"+972501234567","type":"template",
                 "template":{"name":"promo","language":{"policy":"deterministic","code":"he"},"components":%s},
                 "biz_opaque_callback_data":"m.1"}
                """
                        .formatted(components));
    }

    @Test
    void a_template_needs_its_language_and_the_opaque_its_limit() {
        var noLanguage = new Template("x", Optional.empty(), List.of(), Optional.empty());
        assertThatThrownBy(() -> GraphMessages.message(DANA, noLanguage, ""))
                .isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> GraphMessages.message(DANA, new Text("x", false), "x".repeat(513)))
                .isInstanceOf(IllegalArgumentException.class);
    }

    private static void assertSent(Recipient to, MessageContent content, String json)
            throws Exception {
        assertThat((Object) GraphMessages.message(to, content, "m.1"))
                .isEqualTo(GraphHttp.JSON.readTree(json));
    }
}
