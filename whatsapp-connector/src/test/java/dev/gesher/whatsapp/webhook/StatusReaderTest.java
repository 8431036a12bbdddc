package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.AccountFact.NumberError;
import dev.gesher.whatsapp.InboundSignal.BillingConversation;
import dev.gesher.whatsapp.InboundSignal.MetaError;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.InboundSignal.Pricing;
import dev.gesher.whatsapp.InboundSignal.Status;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StatusReaderTest {
    private static StatusUpdate status(String more) {
        return (StatusUpdate)
                Reads.only(
                        "messages",
                        "{'contacts':[{'wa_id':'972541112222','user_id':'IL.1','profile':{'name':'D','username':'dana'}}],"
                                + "'statuses':[{'id':'wamid.s','status':'sent','timestamp':'1790000000','recipient_id':'972541112222'"
                                + more
                                + "}]}");
    }

    @Test
    void pricing_and_conversation_come_in_an_old_and_a_new_form_or_not_at_all() {
        var old =
                status(
                        ",'conversation':{'id':'c1','expiration_timestamp':'1790086400','origin':{'type':'referral_conversion'}},"
                                + "'pricing':{'billable':true,'pricing_model':'CBP','category':'business_initiated'}");
        assertThat(old.conversation())
                .contains(
                        new BillingConversation(
                                Optional.of("c1"),
                                Optional.of("referral_conversion"),
                                Optional.of(Instant.ofEpochSecond(1_790_086_400))));
        assertThat(old.pricing())
                .contains(
                        new Pricing(
                                Optional.of(true),
                                Optional.of("CBP"),
                                Optional.empty(),
                                Optional.of("business_initiated")));

        var now =
                status(
                        ",'pricing':{'pricing_model':'PMP','type':'free_entry_point','category':'marketing_lite'}");
        assertThat(now.conversation()).isEmpty();
        assertThat(now.pricing())
                .contains(
                        new Pricing(
                                Optional.empty(),
                                Optional.of("PMP"),
                                Optional.of("free_entry_point"),
                                Optional.of("marketing_lite")));
        assertThat(
                        status(",'conversation':{'id':'c','expiration_timestamp':1790086400}")
                                .conversation())
                .map(c -> c.expiresAt().orElseThrow().getEpochSecond())
                .contains(1_790_086_400L);
        assertThat(status(",'pricing':null,'conversation':7").pricing()).isEmpty();
    }

    @Test
    void the_contact_beside_a_status_says_more_of_its_recipient() {
        var recipient = status("").recipient();

        assertThat(recipient.phone()).contains(new PhoneNumber("+972541112222"));
        assertThat(recipient.userId()).contains("IL.1");
        assertThat(recipient.name()).contains("D");
        assertThat(recipient.username()).contains("dana");
    }

    @Test
    void the_first_error_is_read_with_its_title_and_details() {
        assertThat(
                        status(
                                        ",'errors':[{'title':'no code'},{'code':131047,'title':'T','message':'M','error_data':{'details':'D'}},{'code':1}]")
                                .error())
                .contains(new MetaError("131047", Optional.of("T"), Optional.of("D")));
        assertThat(status(",'errors':{'code':'131026','message':'M'}").error())
                .contains(new MetaError("131026", Optional.of("M"), Optional.of("M")));
        assertThat(status(",'errors':[]").error()).isEmpty();
    }

    @Test
    void an_error_that_no_message_explains_is_news_of_the_number() {
        var value =
                "{'metadata':{'phone_number_id':'5001'},'errors':[{'code':130429,'title':'T','error_data':{'details':'D'}}]}";
        var news = (News) Reads.only("messages", value);
        assertThat(news.fact())
                .isEqualTo(
                        new NumberError(
                                new MetaError("130429", Optional.of("T"), Optional.of("D"))));

        assertThat(
                        Reads.value(
                                        "messages",
                                        "{'messages':[{'id':'m','from':'972541112222','type':'interactive'}],'errors':[{'code':131000}]}")
                                .signals())
                .hasSize(1)
                .noneMatch(News.class::isInstance);
    }

    @Test
    void an_error_beside_statuses_or_without_a_number_is_news_too() {
        var beside =
                Reads.value(
                        "messages",
                        "{'metadata':{'phone_number_id':'5001'},'statuses':[{'id':'m','status':'sent','recipient_id':'972541112222'}],'errors':[{'code':130429}]}");
        assertThat(beside.ignored()).isEmpty();
        assertThat(((News) beside.signals().getLast()).fact()).isInstanceOf(NumberError.class);

        assertThat(Reads.fact("messages", "{'errors':[{'code':1}]}"))
                .isInstanceOf(NumberError.class);
        assertThat(
                        Reads.fact(
                                "flows",
                                "{'event':'FLOW_STATUS_CHANGE','flow_id':'1','errors':[{'code':1}]}"))
                .isNotInstanceOf(NumberError.class);
    }

    @Test
    void what_became_of_a_payment_is_not_what_became_of_its_message() {
        var read =
                Reads.value(
                        "messages",
                        "{'statuses':[{'id':'m','type':'payment','status':'failed','recipient_id':'972541112222','payment':{'reference_id':'r'}},"
                                + "{'id':'m','type':'message','status':'read','recipient_id':'972541112222'}]}");
        assertThat(read.ignored()).containsExactly("status");
        assertThat(read.signals())
                .extracting(one -> ((StatusUpdate) one).status())
                .containsExactly(Status.READ);
    }

    @Test
    void what_a_group_is_told_is_left_out() {
        for (var group :
                new String[] {
                    "'recipient_type':'group'",
                    "'recipient_participant_id':'972541112222'",
                    "'group_id':'g'"
                }) {
            var read =
                    Reads.value(
                            "messages",
                            "{'statuses':[{'id':'m','status':'read','recipient_id':'g',%s}]}"
                                    .formatted(group));
            assertThat(read.signals()).isEmpty();
            assertThat(read.ignored()).containsExactly("group_status");
        }
    }
}
