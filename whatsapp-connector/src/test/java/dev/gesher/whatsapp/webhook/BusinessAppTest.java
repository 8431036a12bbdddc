package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.AccountFact.HistoryProgress;
import dev.gesher.whatsapp.AccountFact.HistoryRefused;
import dev.gesher.whatsapp.AccountFact.NumberError;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.AppContact;
import dev.gesher.whatsapp.InboundSignal.Edit;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.MetaError;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Preference;
import dev.gesher.whatsapp.InboundSignal.Revoke;
import dev.gesher.whatsapp.InboundSignal.Source;
import dev.gesher.whatsapp.InboundSignal.Status;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Echoes, history, contacts and wishes. */
class BusinessAppTest {
    private static final PhoneNumber PHONE = new PhoneNumber("+972541112222");
    private static final Instant SENT = Instant.ofEpochSecond(1_790_000_000);

    private static InboundSignal echo(String json) {
        return Reads.only(
                "smb_message_echoes",
                "{'metadata':{'display_phone_number':'97235550001','phone_number_id':'5001'},'message_echoes':[{'from':'97235550001',"
                        + "'id':'wamid.e','timestamp':'1790000000',"
                        + json
                        + "}]}");
    }

    @Test
    void an_echo_is_a_message_of_the_business_and_opens_no_window() {
        var echo = (Message) echo("'to':'972541112222','type':'image','image':{'id':'9'}");

        assertThat(echo.source()).isEqualTo(Source.ECHO);
        assertThat(echo.fromCustomer()).isFalse();
        assertThat(echo.opensWindow()).isFalse();
        assertThat(echo.customer()).isEqualTo(Person.of(Optional.of(PHONE), Optional.empty()));
        assertThat(echo.media()).isPresent();
        assertThat(echo.at()).isEqualTo(SENT);

        var byUserId =
                ((Message)
                        echo("'to_user_id':'IL.1','to_parent_user_id':'IL.ENT.1','type':'text'"));
        assertThat(byUserId.customer().userId()).contains("IL.1");
        assertThat(byUserId.customer().parentUserId()).contains("IL.ENT.1");
        assertThat(byUserId.customer().phone()).isEmpty();
    }

    @Test
    void the_business_edits_and_revokes_in_echoes() {
        var edit =
                (Edit)
                        echo(
                                "'to':'972541112222','type':'edit','edit':{'original_message_id':'wamid.o','message':{'type':'text'}}");
        assertThat(edit.fromCustomer()).isFalse();
        assertThat(edit.customer().phone()).contains(PHONE);
        assertThat(edit.originalWaMessageId()).isEqualTo("wamid.o");
        var revoke =
                (Revoke)
                        echo(
                                "'to':'972541112222','type':'revoke','revoke':{'original_message_id':'wamid.o'}");
        assertThat(revoke.fromCustomer()).isFalse();
    }

    @Test
    void an_echo_to_nobody_or_a_group_is_told_apart() {
        var nobody =
                Reads.value("smb_message_echoes", "{'message_echoes':[{'id':'e','type':'text'}]}");
        assertThat(nobody.problems()).containsExactly("echo without recipient");
        var group =
                Reads.value(
                        "smb_message_echoes",
                        "{'message_echoes':[{'id':'e','type':'text','to':'972541112222','group_id':'g'}]}");
        assertThat(group.ignored()).containsExactly("group_message");
    }

    private static Told.Read history(String history) {
        return Reads.value(
                "history",
                "{'metadata':{'display_phone_number':'+972 3-555-0001','phone_number_id':'5001'},'history':[{'metadata':"
                        + "{'phase':1,'chunk_order':2,'progress':55},'threads':["
                        + history
                        + "]}]}",
                Optional.empty());
    }

    @Test
    void history_tells_who_wrote_by_the_businesss_number_and_to_whom_by_the_thread() {
        var read =
                history(
                        "{'id':'972541112222','messages':["
                                + "{'from':'97235550001','id':'h1','timestamp':'1789000001','type':'text','history_context':{'status':'READ'}},"
                                + "{'from':'972541112222','id':'h2','timestamp':'1789000002','type':'text','history_context':{'status':'READ'}},"
                                + "{'from':'97235550001','id':'h3','timestamp':1789000003,'type':'media_placeholder','history_context':{'status':'ERROR'}},"
                                + "{'from':'97235550001','id':'h4','timestamp':'1789000004','type':'text','history_context':{'status':'PENDING'}}]}");
        assertThat(read.problems()).isEmpty();
        var messages = messages(read);
        assertThat(messages)
                .extracting(Message::waMessageId)
                .containsExactly("h1", "h2", "h3", "h4");
        assertThat(messages)
                .extracting(Message::fromCustomer)
                .containsExactly(false, true, false, false);
        assertThat(messages)
                .extracting(Message::reported)
                .containsExactly(
                        Optional.of(Status.READ),
                        Optional.empty(),
                        Optional.of(Status.FAILED),
                        Optional.empty());
        assertThat(messages)
                .allSatisfy(message -> {
                    assertThat(message.source()).isEqualTo(Source.HISTORY);
                    assertThat(message.opensWindow()).isFalse();
                    assertThat(message.customer().phone()).contains(PHONE);
                });
        assertThat(messages.get(2).at()).isEqualTo(Instant.ofEpochSecond(1_789_000_003));
        assertThat(((News) read.signals().getLast()).fact())
                .isEqualTo(new HistoryProgress(1, 2, 55));
    }

    private static List<Message> messages(Told.Read read) {
        return read.signals().stream()
                .filter(Message.class::isInstance)
                .map(Message.class::cast)
                .toList();
    }

    @Test
    void threads_of_customers_without_a_number_go_by_their_user_id() {
        var read =
                history(
                        "{'id':'IL.1','messages':[{'from_user_id':'IL.1','id':'h1','type':'text'},"
                                + "{'from':'97235550001','to_user_id':'IL.1','id':'h2','type':'text'}]},"
                                + "{'context':{'wa_id':'972541112222','user_id':'IL.2','username':'@d'},'messages':[{'from':'972541112222','id':'h3','type':'text'}]}");
        var messages = messages(read);
        assertThat(messages).extracting(Message::fromCustomer).containsExactly(true, false, true);
        assertThat(messages)
                .extracting(message -> message.customer().userId().orElse(""))
                .containsExactly("IL.1", "IL.1", "IL.2");
        assertThat(messages.get(2).customer().username()).contains("d");
    }

    @Test
    void who_has_a_user_id_is_a_customer_whomever_they_wrote_to() {
        var read =
                history(
                        "{'id':'IL.1','messages':[{'from':'IL.1','to':'','id':'h1','type':'text'},"
                                + "{'from_user_id':'IL.1','to':'97235550001','id':'h2','type':'text'},"
                                + "{'from':'','to':'IL.1','id':'h3','type':'text'}]}");
        assertThat(messages(read))
                .extracting(Message::fromCustomer)
                .containsExactly(true, true, false);
    }

    @Test
    void the_only_contact_of_a_history_is_not_everybodys() {
        var read =
                Reads.value(
                        "history",
                        "{'metadata':{'display_phone_number':'97235550001','phone_number_id':'5001'},"
                                + "'contacts':[{'wa_id':'16505551234','user_id':'US.1','profile':{'name':'A'}}],"
                                + "'history':[{'threads':["
                                + "{'id':'16505551234','messages':[{'from':'16505551234','id':'h1','type':'text'}]},"
                                + "{'id':'12125557890','messages':[{'from':'12125557890','id':'h2','type':'text'},{'from':'97235550001','id':'h3','type':'text'}]}]}]}");
        assertThat(messages(read))
                .extracting(Message::customer)
                .containsExactly(
                        new Person(
                                Optional.of(new PhoneNumber("+16505551234")),
                                Optional.of("US.1"),
                                Optional.empty(),
                                Optional.of("A"),
                                Optional.empty()),
                        Person.of(Optional.of(new PhoneNumber("+12125557890")), Optional.empty()),
                        Person.of(Optional.of(new PhoneNumber("+12125557890")), Optional.empty()));
    }

    @Test
    void the_files_of_history_come_later_as_messages_of_their_own() {
        var read =
                Reads.value(
                        "history",
                        "{'metadata':{'display_phone_number':'97235550001','phone_number_id':'5001'},'messages':["
                                + "{'from':'972541112222','id':'h1','timestamp':'1789000001','type':'image','image':{'id':'9'}},"
                                + "{'from':'97235550001','to':'972541112222','id':'h2','timestamp':'1789000001','type':'image','image':{'id':'10'}}]}");
        var messages = messages(read);
        assertThat(messages).extracting(Message::source).containsOnly(Source.HISTORY);
        assertThat(messages).extracting(Message::fromCustomer).containsExactly(true, false);
        assertThat(messages)
                .allSatisfy(message -> {
                    assertThat(message.media()).isPresent();
                    assertThat(message.opensWindow()).isFalse();
                    assertThat(message.customer().phone()).contains(PHONE);
                });
    }

    @Test
    void a_refused_history_says_why() {
        for (var value :
                List.of(
                        "{'history':[{'errors':[{'code':2593109,'title':'T','error_data':{'details':'D'}}]}]}",
                        "{'metadata':{'phone_number_id':'5001'},'errors':[{'code':2593109,'title':'T','error_data':{'details':'D'}}]}")) {
            assertThat(Reads.fact("history", value))
                    .isEqualTo(
                            new HistoryRefused(
                                    new MetaError("2593109", Optional.of("T"), Optional.of("D"))));
        }
    }

    @Test
    void other_errors_do_not_say_that_history_is_refused() {
        var beside =
                Reads.value(
                        "history",
                        "{'messages':[{'from':'972541112222','id':'h1','type':'image'}],'errors':[{'code':131052}]}");
        assertThat(beside.signals()).hasSize(1).allMatch(Message.class::isInstance);
        assertThat(beside.ignored()).containsExactly("error");

        assertThat(Reads.fact("history", "{'history':[{'errors':[{'code':131000}]}]}"))
                .isEqualTo(
                        new NumberError(
                                new MetaError("131000", Optional.empty(), Optional.empty())));
    }

    @Test
    void what_is_dialled_and_is_no_number_of_anybodys_is_no_user_id() {
        for (var number : List.of("*6050", "100", "0541112222", "0", "+0541112222")) {
            var read =
                    Reads.value(
                            "smb_app_state_sync",
                            "{'state_sync':[{'contact':{'phone_number':'" + number + "'}}]}");
            assertThat(read.signals()).as(number).isEmpty();
            assertThat(read.ignored()).as(number).containsExactly("contact_without_address");
            assertThat(
                            Reads.value(
                                            "messages",
                                            "{'messages':[{'id':'m','type':'text','from':'"
                                                    + number
                                                    + "'}]}")
                                    .problems())
                    .containsExactly("message without sender");
        }
    }

    /** As planned while {@code now} holds number 5001, which {@code before} held until then. */
    private static Plans.Plan planned(
            String field, String value, Instant received, TenantId before, TenantId now) {
        var body =
                Fixtures.change(
                        "{\"field\":\"" + field + "\",\"value\":" + value.replace('\'', '"') + "}");
        var change = ((Bodies.Split.Changes) Bodies.split(body)).changes().getFirst();
        var bound = Instant.parse("2026-09-01T08:00:00Z");
        return Plans.plan(
                Reads.received(change, received),
                change.payload(),
                new Bindings(
                        Map.of(
                                "5001",
                                List.of(
                                        new Binding(before, "5001", Instant.EPOCH, bound),
                                        new Binding(now, "5001", bound, null))),
                        Map.of()),
                DisplayNumbers.NONE);
    }

    @Test
    void history_and_contacts_are_whose_the_number_is_when_they_are_told() {
        var before = Webhooks.aTenant();
        var now = Webhooks.aTenant();
        var metadata =
                "{'metadata':{'display_phone_number':'97235550001','phone_number_id':'5001'},";
        for (var value :
                List.of(
                        "'history':[{'metadata':{'progress':5},'threads':[{'id':'972541112222','messages':["
                                + "{'from':'972541112222','id':'h1','timestamp':'1739321024','type':'text'},"
                                + "{'from':'972541112222','id':'h2','timestamp':'1739321025','type':'revoke','revoke':{'original_message_id':'h1'}}]}]}]}",
                        "'messages':[{'from':'972541112222','id':'h1','timestamp':'1739321024','type':'image','image':{'id':'9'}}]}",
                        "'state_sync':[{'type':'contact','contact':{'full_name':'D','phone_number':'972541112222'},'action':'add','metadata':{'timestamp':'1739321024'}}]}")) {
            var field = value.startsWith("'state") ? "smb_app_state_sync" : "history";
            var plan = planned(field, metadata + value, Reads.RECEIVED, before, now);
            assertThat(plan.settled().state()).as(value).isEqualTo(ChangeRows.State.APPLIED);
            assertThat(plan.tenants()).as(value).containsExactly(now);

            var older =
                    planned(
                            field,
                            metadata + value,
                            Instant.parse("2026-08-31T08:00:00Z"),
                            before,
                            now);
            assertThat(older.tenants()).as(value).containsExactly(before);
        }
    }

    @Test
    void contacts_of_the_app_are_added_and_removed() {
        var read =
                Reads.value(
                        "smb_app_state_sync",
                        "{'state_sync':[{'type':'contact','contact':{'full_name':'Dana Cohen','first_name':'Dana','phone_number':'972541112222'},"
                                + "'action':'add','metadata':{'timestamp':'1789000000'}},"
                                + "{'type':'contact','contact':{'phone_number':'972541112222'},'action':'remove'},"
                                + "{'type':'contact','contact':{'full_name':'Nobody'},'action':'add'},{'type':'label'}]}");
        assertThat(read.signals())
                .containsExactly(
                        new AppContact(
                                new Person(
                                        Optional.of(PHONE),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of("Dana Cohen"),
                                        Optional.empty()),
                                false,
                                Optional.of("Dana"),
                                Instant.ofEpochSecond(1_789_000_000)),
                        new AppContact(
                                Person.of(Optional.of(PHONE), Optional.empty()),
                                true,
                                Optional.empty(),
                                Reads.TOLD));
        assertThat(read.ignored()).containsExactly("contact_without_address", "state_sync");
    }

    @Test
    void preferences_are_read_by_number_and_by_user_id() {
        var read =
                Reads.value(
                        "user_preferences",
                        "{'contacts':[{'wa_id':'972541112222','profile':{'name':'D'}},{'wa_id':'972540000000'}],'user_preferences':["
                                + "{'wa_id':'972541112222','detail':'why','category':'marketing_messages','value':'stop','timestamp':1789000000},"
                                + "{'user_id':'IL.1','parent_user_id':'IL.ENT.1','category':'marketing_messages','value':'signup','signup_id':'s1','timestamp':'1789000000000'},"
                                + "{'value':'stop'},{'wa_id':'972541112222'}]}");
        assertThat(read.problems()).hasSize(2);
        assertThat(read.signals())
                .containsExactly(
                        new Preference(
                                new Person(
                                        Optional.of(PHONE),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of("D"),
                                        Optional.empty()),
                                "marketing_messages",
                                "stop",
                                Optional.of("why"),
                                Optional.empty(),
                                Instant.ofEpochSecond(1_789_000_000)),
                        new Preference(
                                new Person(
                                        Optional.empty(),
                                        Optional.of("IL.1"),
                                        Optional.of("IL.ENT.1"),
                                        Optional.empty(),
                                        Optional.empty()),
                                "marketing_messages",
                                "signup",
                                Optional.empty(),
                                Optional.of("s1"),
                                Instant.ofEpochSecond(1_789_000_000)));
    }
}
