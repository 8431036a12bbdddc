package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.Source;
import dev.gesher.whatsapp.InboundSignal.Status;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class MessagesChangeTest {
    private static final Instant RECEIVED = Instant.ofEpochSecond(1_790_000_100);

    private static Told.Read read(String fixture) {
        return Reads.body(Fixtures.body(fixture), RECEIVED);
    }

    private static Message message(String fixture) {
        var read = read(fixture);
        assertThat(read.problems()).isEmpty();
        assertThat(read.signals()).hasSize(1);
        return (Message) read.signals().getFirst();
    }

    @Test
    void a_text_is_read_with_its_sender_name_and_time() {
        var text = message("text_message");

        assertThat(text.waMessageId()).isEqualTo("wamid.text1");
        assertThat(text.customer().phone()).contains(new PhoneNumber("+972541112222"));
        assertThat(text.customer().userId()).contains("IL.111");
        assertThat(text.customer().name()).contains("דנה כהן 🌸");
        assertThat(text.at()).isEqualTo(Webhooks.SENT);
        assertThat(text.type()).isEqualTo("text");
        assertThat(text.opensWindow()).isTrue();
        assertThat(
                        Json.read(Fixtures.bytes(text.contentJson()))
                                .orElseThrow()
                                .at("/text/body")
                                .asText())
                .isEqualTo("שלום, מתי אתם פותחים?");
        assertThat(text.toString()).doesNotContain("972", "wamid", "דנה");
    }

    @Test
    void a_reply_names_what_it_answers() {
        assertThat(message("text_reply_forwarded").contextWaMessageId()).contains("wamid.ours1");
    }

    @Test
    void an_image_names_its_media() {
        assertThat(message("image_message").media().orElseThrow().id()).isEqualTo("9001");
    }

    @Test
    void unknown_types_fields_and_values_are_kept_as_they_came() {
        var unknown = message("unknown_type");

        assertThat(unknown.type()).isEqualTo("hologram");
        assertThat(unknown.opensWindow()).isTrue();
        assertThat(unknown.contentJson())
                .contains("\"depth\":1.25")
                .contains("\"new\":[null,{\"x\":true}]")
                .contains("\"surprise\":\"yes\"");
        assertThat(message("message_without_type").type()).isEqualTo("unknown");
        assertThat(message("half_a_surrogate").contentJson()).contains("cut \\uD83D");
    }

    @Test
    void only_what_a_person_sends_opens_the_window() {
        for (var fixture : List.of("reaction", "unsupported")) {
            assertThat(message(fixture).opensWindow()).as(fixture).isFalse();
        }
        assertThat(message("interactive_without_body").opensWindow()).isTrue();
    }

    @Test
    void a_message_of_a_group_is_counted_and_left_out() {
        var read = read("group_message");

        assertThat(read.signals()).isEmpty();
        assertThat(read.ignored()).containsExactly("group_message");
    }

    @Test
    void a_sender_may_have_a_user_id_only_wherever_it_stands() {
        for (var fixture : List.of("user_id_only", "user_id_in_from")) {
            var message = message(fixture);
            assertThat(message.customer().phone()).isEmpty();
            assertThat(message.customer().userId()).contains("IL.222");
            assertThat(message.customer().name()).contains("Noa");
        }
    }

    @Test
    void contacts_belong_to_messages_by_id_not_by_place() {
        assertThat(read("contacts_out_of_order").signals())
                .extracting(signal -> ((Message) signal).customer().name().orElse(""))
                .containsExactly("דנה כהן 🌸", "Avi");
    }

    @Test
    void a_message_from_nobody_is_a_problem_and_its_neighbour_is_read() {
        var read = read("message_without_sender");

        assertThat(read.problems()).containsExactly("message without sender");
        assertThat(read.signals())
                .extracting(s -> ((InboundSignal.OfMessage) s).waMessageId())
                .containsExactly("wamid.neighbour1");
    }

    @Test
    void statuses_are_read_with_what_they_carry() {
        var read = read("statuses");

        assertThat(read.problems()).isEmpty();
        assertThat(read.ignored()).containsExactly("status", "status", "group_status");
        var statuses = read.signals().stream().map(StatusUpdate.class::cast).toList();
        assertThat(statuses)
                .extracting(StatusUpdate::status)
                .containsExactly(
                        Status.SENT,
                        Status.DELIVERED,
                        Status.READ,
                        Status.PLAYED,
                        Status.FAILED,
                        Status.FAILED);
        assertThat(statuses.getFirst().opaque()).contains("018f.1");
        assertThat(statuses.getFirst().recipient().phone())
                .contains(new PhoneNumber("+972541112222"));
        assertThat(statuses.get(1).recipient().userId()).contains("IL.111");
        assertThat(statuses.get(4).error().orElseThrow().code()).isEqualTo("131047");
        assertThat(statuses.get(4).windowClosed()).isTrue();
        assertThat(statuses.get(5).error().orElseThrow().code()).isEqualTo("131026");
        assertThat(statuses.get(5).windowClosed()).isFalse();
    }

    @Test
    void a_time_that_is_missing_or_none_is_the_time_of_receipt_and_opens_no_window() {
        for (var time :
                List.of("\"soon\"", "null", "\"-5\"", "{}", "\"99999999999999999999\"", "1.5")) {
            var read =
                    Reads.value(
                            "messages",
                            "{'messages':[{'id':'m','from':'972541112222','type':'text','timestamp':"
                                    + time.replace('"', '\'')
                                    + "}]}");
            var message = (Message) read.signals().getFirst();
            assertThat(message.at()).as(time).isEqualTo(Reads.RECEIVED);
            assertThat(message.opensWindow()).isFalse();
        }
    }

    @Test
    void nothing_happens_later_than_it_is_told() {
        for (var time : List.of("9999999999", "1790000101", "1790000101000")) {
            for (var signals :
                    List.of(
                            Reads.value(
                                    "messages",
                                    "{'messages':[{'id':'m','from':'972541112222','type':'text','timestamp':'"
                                            + time
                                            + "'}],'statuses':[{'id':'s','status':'read','timestamp':'"
                                            + time
                                            + "'}]}"),
                            Reads.value(
                                    "smb_app_state_sync",
                                    "{'state_sync':[{'contact':{'phone_number':'972541112222'},'metadata':{'timestamp':'"
                                            + time
                                            + "'}}]}"),
                            Reads.value(
                                    "user_preferences",
                                    "{'user_preferences':[{'wa_id':'972541112222','value':'stop','timestamp':'"
                                            + time
                                            + "'}]}"),
                            Reads.value(
                                    "account_review_update",
                                    "{'decision':'APPROVED'}",
                                    Optional.of(Instant.ofEpochSecond(9_999_999_999L))))) {
                assertThat(signals.signals())
                        .isNotEmpty()
                        .extracting(InboundSignal::at)
                        .containsOnly(Reads.RECEIVED);
            }
        }
    }

    private static Told.Read messages(String messages) {
        return Reads.value(
                "messages",
                "{'metadata':{'display_phone_number':'+972 3-555-0001','phone_number_id':'5001'},'contacts':[{'wa_id':'972541112222'}],'messages':["
                        + messages
                        + "]}");
    }

    @Test
    void what_the_business_wrote_opens_no_window_under_whatever_field() {
        for (var from : List.of("97235550001", "+97235550001", "5001")) {
            for (var to : List.of("", ",'to':'972541112222'")) {
                var message =
                        (Message)
                                messages(
                                                "{'id':'m','type':'text','timestamp':'1790000000','from':'"
                                                        + from
                                                        + "'"
                                                        + to
                                                        + "}")
                                        .signals()
                                        .getFirst();
                assertThat(message.fromCustomer()).isFalse();
                assertThat(message.source()).isEqualTo(Source.ECHO);
                assertThat(message.opensWindow()).isFalse();
                assertThat(message.customer().phone()).contains(new PhoneNumber("+972541112222"));
            }
        }
        assertThat(
                        messages(
                                        "{'id':'m','type':'text','from':'5001'},{'id':'n','type':'text','from':'972541112222'}")
                                .problems())
                .containsExactly("message without recipient");
    }

    @Test
    void who_is_a_contact_is_a_customer_with_whatever_number() {
        var read =
                Reads.value(
                        "messages",
                        "{'metadata':{'display_phone_number':'972541112222','phone_number_id':'5001'},'contacts':[{'wa_id':'972541112222'}],"
                                + "'messages':[{'id':'m','type':'text','from':'972541112222'}]}");
        assertThat(((Message) read.signals().getFirst()).fromCustomer()).isTrue();
    }

    @Test
    void history_is_history_under_whatever_field() {
        var read =
                messages(
                        "{'id':'m','type':'text','timestamp':'1739321024','from':'972541112222','history_context':{'status':'READ'}}");
        var message = (Message) read.signals().getFirst();
        assertThat(message.source()).isEqualTo(Source.HISTORY);
        assertThat(message.fromCustomer()).isTrue();
        assertThat(message.opensWindow()).isFalse();
        assertThat(read.imported()).isTrue();
    }

    @Test
    void a_time_may_be_written_as_a_fraction() {
        for (var time : List.of("1790000000.0", "1.79e9", "1.790000000000E12")) {
            var message =
                    (Message)
                            messages(
                                            "{'id':'m','type':'text','from':'972541112222','timestamp':"
                                                    + time
                                                    + "}")
                                    .signals()
                                    .getFirst();
            assertThat(message.at()).as(time).isEqualTo(Webhooks.SENT);
            assertThat(message.opensWindow()).isTrue();
        }
        for (var time : List.of("1e99999", "-1.0e9", "0.0", "1e-99999")) {
            var read =
                    messages(
                            "{'id':'m','type':'text','from':'972541112222','timestamp':"
                                    + time
                                    + "}");
            assertThat(read.signals().getFirst().at()).as(time).isEqualTo(Reads.RECEIVED);
        }
    }

    @Test
    void an_empty_text_says_that_something_is_not_there() {
        var read =
                Reads.value(
                        "messages",
                        "{'messages':[{'id':'m','from':'972541112222','type':'text','group_id':''}],'statuses':["
                                + "{'id':'s','status':'read','recipient_id':'','recipient_participant_id':'','group_id':''}]}");
        assertThat(read.ignored()).isEmpty();
        assertThat(read.signals()).hasSize(2);

        var noStatuses =
                Reads.value(
                        "messages",
                        "{'messages':[{'id':'m','from':'972541112222','type':'text'}],'statuses':'','errors':''}");
        assertThat(noStatuses.problems()).isEmpty();
        assertThat(noStatuses.signals()).hasSize(1);
    }
}
