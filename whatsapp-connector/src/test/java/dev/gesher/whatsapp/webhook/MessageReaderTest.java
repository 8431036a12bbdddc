package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import dev.gesher.whatsapp.InboundSignal.CustomerChanged;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged.Change;
import dev.gesher.whatsapp.InboundSignal.Edit;
import dev.gesher.whatsapp.InboundSignal.Media;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Referral;
import dev.gesher.whatsapp.InboundSignal.Revoke;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Every type of message, as reference 3.5 has them. */
class MessageReaderTest {
    private static final PhoneNumber PHONE = new PhoneNumber("+972541112222");

    private static Message written(String json) {
        return (Message) Reads.message(json);
    }

    @Test
    void what_customers_write_is_kept_whole_and_opens_the_window() {
        var types =
                Map.ofEntries(
                        Map.entry("text", "{'body':'x'}"),
                        Map.entry("location", "{'latitude':32.08,'longitude':34.78,'name':'n'}"),
                        Map.entry("contacts", "[{'phones':[{'phone':'+1'}],'vcard':'v'}]"),
                        Map.entry("button", "{'payload':'p','text':'t'}"),
                        Map.entry(
                                "interactive",
                                "{'type':'nfm_reply','nfm_reply':{'name':'flow','response_json':'[1'}}"),
                        Map.entry("order", "{'catalog_id':'1','product_items':[{'quantity':2}]}"),
                        Map.entry("hologram", "{'depth':1.250}"));
        types.forEach((type, body) -> {
            var message = written("'type':'" + type + "','" + type + "':" + body);
            assertThat(message.type()).isEqualTo(type);
            assertThat(message.opensWindow()).as(type).isTrue();
            assertThat(message.fromCustomer()).isTrue();
            assertThat(message.at()).isEqualTo(Instant.ofEpochSecond(1_790_000_000));
            assertThat(message.contentJson())
                    .contains("\"" + type + "\":" + body.replace('\'', '"'));
            assertThat(message.media()).isEmpty();
            assertThat(message.referral()).isEmpty();
            assertThat(message.reported()).isEmpty();
        });
    }

    @Test
    void all_that_is_said_of_a_file_is_read() {
        assertThat(
                        written(
                                        "'type':'document','document':{'id':'9','mime_type':'a/b','sha256':'s=','url':'https://x',"
                                                + "'filename':'f.pdf','caption':'c'}")
                                .media())
                .contains(
                        new Media(
                                "9",
                                Optional.of("a/b"),
                                Optional.of("s="),
                                Optional.of("https://x"),
                                Optional.of("f.pdf"),
                                false,
                                false));
        assertThat(written("'type':'audio','audio':{'id':9,'voice':true}").media().orElseThrow())
                .satisfies(media -> assertThat(media.voice()).isTrue())
                .satisfies(media -> assertThat(media.id()).isEqualTo("9"));
        assertThat(written("'type':'voice','voice':{'id':'9'}").media().orElseThrow().voice())
                .isTrue();
        assertThat(
                        written("'type':'sticker','sticker':{'id':'9','animated':true}")
                                .media()
                                .orElseThrow()
                                .animated())
                .isTrue();
        for (var type : new String[] {"image", "video"}) {
            assertThat(written("'type':'%s','%s':{'id':'9'}".formatted(type, type)).media())
                    .isPresent();
        }
        assertThat(written("'type':'image','image':{'caption':'no id'}").media()).isEmpty();
        assertThat(written("'type':'image'").media()).isEmpty();
    }

    @Test
    void a_reaction_and_its_removal_name_the_message_they_are_to() {
        for (var reaction : new String[] {",'emoji':'x'", ",'emoji':''", ""}) {
            var message =
                    written(
                            "'type':'reaction','reaction':{'message_id':'wamid.r'%s}"
                                    .formatted(reaction));
            assertThat(message.contextWaMessageId()).contains("wamid.r");
            assertThat(message.opensWindow()).isFalse();
        }
    }

    @Test
    void a_referral_says_where_somebody_came_from() {
        assertThat(
                        written(
                                        "'type':'text','text':{'body':'x'},'referral':{'source_url':'https://fb.me/1','source_id':'12',"
                                                + "'source_type':'ad','headline':'h','ctwa_clid':'Aff-n8'}")
                                .referral())
                .contains(
                        new Referral(Optional.of("ad"), Optional.of("12"), Optional.of("Aff-n8")));
        assertThat(written("'type':'text','referral':{'source_type':'post'}").referral())
                .contains(new Referral(Optional.of("post"), Optional.empty(), Optional.empty()));
    }

    @Test
    void forwarded_messages_and_product_questions_say_so_in_their_content() {
        var forwarded = written("'type':'text','context':{'frequently_forwarded':true}");
        assertThat(forwarded.contextWaMessageId()).isEmpty();
        assertThat(forwarded.contentJson()).contains("frequently_forwarded");
        var about =
                written(
                        "'type':'text','context':{'from':'97235550001','id':'wamid.p','referred_product':{'catalog_id':'1'}}");
        assertThat(about.contextWaMessageId()).contains("wamid.p");
        assertThat(about.contentJson()).contains("referred_product");
    }

    @Test
    void edits_and_revokes_name_what_they_change() {
        var edit =
                (Edit)
                        Reads.message(
                                "'type':'edit','edit':{'original_message_id':'wamid.o','message':{'type':'text','text':{'body':'new'}}}");
        assertThat(edit.originalWaMessageId()).isEqualTo("wamid.o");
        assertThat(edit.waMessageId()).isEqualTo("wamid.m");
        assertThat(edit.fromCustomer()).isTrue();
        assertThat(edit.customer().phone()).contains(PHONE);
        assertThat(edit.contentJson()).contains("\"body\":\"new\"");
        assertThat(edit.at()).isEqualTo(Instant.ofEpochSecond(1_790_000_000));

        var revoke =
                (Revoke)
                        Reads.message("'type':'revoke','revoke':{'original_message_id':'wamid.o'}");
        assertThat(revoke.originalWaMessageId()).isEqualTo("wamid.o");
        assertThat(revoke.customer().phone()).contains(PHONE);

        assertThat(written("'type':'edit','edit':{}").opensWindow()).isFalse();
        assertThat(written("'type':'revoke'").opensWindow()).isFalse();
    }

    private static CustomerChanged changed(String system) {
        return (CustomerChanged) Reads.message("'type':'system','system':" + system);
    }

    @Test
    void a_new_number_says_who_had_which() {
        var changed =
                changed(
                        "{'body':'User D changed from 972541112222 to 972549998888','wa_id':'972549998888','user_id':'IL.2',"
                                + "'parent_user_id':'IL.ENT.2','previous_user_id':'IL.1','previous_parent_user_id':'IL.ENT.1','type':'user_changed_number'}");
        assertThat(changed.change()).isEqualTo(Change.NUMBER);
        assertThat(changed.before())
                .isEqualTo(
                        new Person(
                                Optional.of(PHONE),
                                Optional.of("IL.1"),
                                Optional.of("IL.ENT.1"),
                                Optional.empty(),
                                Optional.empty()));
        assertThat(changed.after())
                .isEqualTo(
                        new Person(
                                Optional.of(new PhoneNumber("+972549998888")),
                                Optional.of("IL.2"),
                                Optional.of("IL.ENT.2"),
                                Optional.empty(),
                                Optional.empty()));
        assertThat(changed.contentJson()).contains("User D changed from");

        assertThat(
                        changed("{'new_wa_id':'972549998888','type':'user_changed_number'}")
                                .after()
                                .phone())
                .contains(new PhoneNumber("+972549998888"));
        assertThat(
                        changed(
                                        "{'customer':'972540000000','wa_id':'972549998888','type':'customer_changed_number'}")
                                .before()
                                .phone())
                .contains(new PhoneNumber("+972540000000"));
    }

    @Test
    void a_new_user_id_comes_with_or_without_a_number_and_with_or_without_the_old_one() {
        var changed =
                (CustomerChanged)
                        Reads.only(
                                "messages",
                                "{'messages':[{'from_user_id':'IL.2','id':'wamid.m','timestamp':'1790000000','type':'system',"
                                        + "'system':{'type':'user_changed_user_id','previous_user_id':'IL.1','user_id':'IL.2'}}]}");
        assertThat(changed.change()).isEqualTo(Change.USER_ID);
        assertThat(changed.before().userId()).contains("IL.1");
        assertThat(changed.after().userId()).contains("IL.2");

        var ofNumber = changed("{'type':'user_changed_user_id','user_id':'IL.2'}");
        assertThat(ofNumber.before()).isEqualTo(Person.of(Optional.of(PHONE), Optional.empty()));
        assertThat(ofNumber.after().userId()).contains("IL.2");
    }

    @Test
    void the_system_need_not_name_a_sender() {
        record Case(String system, Person before, Person after) {}
        var old = Person.of(Optional.empty(), Optional.of("IL.1"));
        var now = Person.of(Optional.empty(), Optional.of("IL.2"));
        var nobody = Person.of(Optional.empty(), Optional.empty());
        var phone = Person.of(Optional.of(new PhoneNumber("+972541112222")), Optional.empty());
        for (var one :
                List.of(
                        new Case(
                                "'type':'user_changed_user_id','user_id':'IL.2','previous_user_id':'IL.1'",
                                old,
                                now),
                        new Case("'type':'user_changed_user_id','user_id':'IL.2'", nobody, now),
                        new Case(
                                "'type':'user_changed_number','customer':'972541112222','user_id':'IL.2'",
                                phone,
                                now),
                        new Case(
                                "'type':'user_changed_user_id','user_id':'IL.2','previous_wa_id':'972541112222'",
                                phone,
                                now))) {
            var changed =
                    (CustomerChanged)
                            Reads.only(
                                    "messages",
                                    "{'messages':[{'id':'m','timestamp':'1790000000','type':'system','system':{"
                                            + one.system()
                                            + "}}]}");
            assertThat(changed.before()).as(one.system()).isEqualTo(one.before());
            assertThat(changed.after()).as(one.system()).isEqualTo(one.after());
        }
    }

    @Test
    void a_new_phone_changes_no_address() {
        var changed =
                changed(
                        "{'type':'customer_identity_changed','identity':{'acknowledged':false,'created_timestamp':'1','hash':'h'}}");
        assertThat(changed.change()).isEqualTo(Change.IDENTITY);
        assertThat(changed.before()).isEqualTo(changed.after());
        assertThat(changed.after().phone()).contains(PHONE);
    }

    @Test
    void what_the_system_says_otherwise_is_kept_as_a_message() {
        for (var system :
                new String[] {
                    "{'type':'group_left','body':'b'}", "{'type':'user_changed_number'}", "{}", "7"
                }) {
            var message = written("'type':'system','system':" + system);
            assertThat(message.type()).isEqualTo("system");
            assertThat(message.opensWindow()).as(system).isFalse();
        }
    }

    @Test
    void what_cannot_be_shown_opens_no_window_under_its_old_type_either() {
        for (var type : List.of("'type':'unknown',", "")) {
            assertThat(((Message) Reads.message(type + "'errors':[{'code':131051}]")).opensWindow())
                    .isFalse();
            assertThat(((Message) Reads.message(type + "'text':{'body':'a'}")).opensWindow())
                    .isTrue();
        }
    }

    @Test
    void a_url_is_never_cut_and_a_contact_may_stand_alone() {
        var url = "https://lookaside.fbsbx.com/" + "x".repeat(1_970);
        for (int more = 0; more < 4; more++) {
            var media =
                    ((Message)
                                    Reads.message(
                                            "'type':'image','image':{'id':'9','url':'"
                                                    + url
                                                    + "y".repeat(more)
                                                    + "'}"))
                            .media()
                            .orElseThrow();
            assertThat(media.url())
                    .isEqualTo(more <= 2 ? Optional.of(url + "y".repeat(more)) : Optional.empty());
        }

        var message =
                (Message)
                        Reads.only(
                                "messages",
                                "{'contacts':{'wa_id':'972541112222','user_id':'IL.1'},'messages':[{'id':'m','type':'text','from':'972541112222'}]}");
        assertThat(message.customer().userId()).contains("IL.1");
    }

    @Test
    void a_contact_is_found_by_whichever_id_fits() {
        record Case(String contact, String sender) {}
        for (var one :
                new Case[] {
                    new Case("'wa_id':'972541112222'", "'from':'972541112222'"),
                    new Case("'wa_id':'972541112222','user_id':'IL.1'", "'from_user_id':'IL.1'"),
                    new Case("'user_id':'IL.1'", "'from':'IL.1'"),
                    new Case(
                            "'user_id':'uIL.1','parent_user_id':'IL.ENT.1'",
                            "'from_user_id':'IL.1','from_parent_user_id':'IL.ENT.1'"),
                    new Case("'wa_id':'551187654321'", "'from':'5511987654321'"),
                    new Case("'wa_id':'5215512345678'", "'from':'525512345678'"),
                    new Case("'wa_id':'541112345678'", "'from':'5491112345678'"),
                    new Case("'wa_id':'5491112345678'", "'from':'54111512345678'"),
                    new Case("'wa_id':'+972541112222'", "'from':'972541112222'")
                }) {
            var message =
                    (Message)
                            Reads.only(
                                    "messages",
                                    "{'contacts':[{'profile':{'name':'Other'},'wa_id':'972540000000'},{'profile':{'name':'N','username':'@dana'},"
                                            + one.contact()
                                            + "}],'messages':[{'id':'m','timestamp':'1790000000','type':'text',"
                                            + one.sender()
                                            + "}]}");
            assertThat(message.customer().name()).as(one.toString()).contains("N");
            assertThat(message.customer().username()).contains("dana");
        }
    }

    @Test
    void the_only_contact_is_the_sender_of_a_message_that_is_alone() {
        var contact = "{'contacts':[{'wa_id':'972541112222','user_id':'IL.1'}],";
        var alone =
                Reads.only(
                        "messages", contact + "'messages':[{'id':'m','type':'text','from':''}]}");
        assertThat(((Message) alone).customer().userId()).contains("IL.1");

        var two =
                Reads.value(
                        "messages",
                        contact
                                + "'messages':[{'id':'m','type':'text'},{'id':'n','type':'text','from':'972541112222'}],"
                                + "'statuses':[{'id':'s','status':'read'}]}");
        assertThat(two.problems()).containsExactly("message without sender");
        assertThat(((StatusUpdate) two.signals().getLast()).recipient().isKnown()).isFalse();
    }

    @Test
    void people_whose_numbers_end_alike_are_not_one() {
        for (var pair :
                List.of(
                        List.of("12125551234", "12025551234"),
                        List.of("972541112222", "971541112222"),
                        List.of("551187654321", "552187654321"),
                        List.of("5215512345678", "525612345678"),
                        List.of("541112345678", "5492212345678"))) {
            var read =
                    Reads.value(
                            "messages",
                            "{'contacts':[{'wa_id':'%s','user_id':'US.1'}],'messages':[{'id':'m','type':'text','from':'%s'}]}"
                                    .formatted(pair.getFirst(), pair.getLast()));
            assertThat(((Message) read.signals().getFirst()).customer())
                    .isEqualTo(
                            Person.of(
                                    Optional.of(new PhoneNumber("+" + pair.getLast())),
                                    Optional.empty()));
        }
    }

    @Test
    void thousands_of_contacts_are_looked_up_quickly() {
        var contacts = new StringBuilder();
        var messages = new StringBuilder();
        for (int n = 0; n < 40_000; n++) {
            contacts.append(",{'wa_id':'%d'}".formatted(100_000_000 + n));
            messages.append(",{'id':'a','from':'%d'}".formatted(200_000_000 + n));
        }
        var value =
                "{'contacts':["
                        + contacts.substring(1)
                        + "],'messages':["
                        + messages.substring(1)
                        + "]}";

        assertThat(
                        assertTimeoutPreemptively(
                                        Duration.ofSeconds(20),
                                        () -> Reads.value("messages", value))
                                .signals())
                .hasSize(40_000);
    }

    @Test
    void every_spelling_of_a_parent_id_is_read() {
        for (var key :
                new String[] {
                    "recipient_parent_user_id", "parent_recipient_user_id", "parent_user_id"
                }) {
            var status =
                    (dev.gesher.whatsapp.InboundSignal.StatusUpdate)
                            Reads.only(
                                    "messages",
                                    "{'statuses':[{'id':'m','status':'sent','timestamp':'1790000000','recipient_user_id':'IL.1','%s':'IL.ENT.1'}]}"
                                            .formatted(key));
            assertThat(status.recipient().parentUserId()).contains("IL.ENT.1");
            assertThat(status.recipient().userId()).contains("IL.1");
        }
    }

    @Test
    void ids_and_names_that_cannot_be_stored_do_not_get_through() {
        var read =
                Reads.value(
                        "messages",
                        "{'contacts':[{'wa_id':'972541112222','profile':{'name':'a\\u0000b\\ud83d'}}],'messages':["
                                + "{'id':'nul\\u0000','from':'972541112222','type':'text'},"
                                + "{'id':'"
                                + "x".repeat(501)
                                + "','from':'972541112222','type':'text'},"
                                + "{'id':'m','from':'972541112222','type':'te xt','context':{'id':'\\u05d0'}}]}");
        assertThat(read.problems()).containsOnly("message without id").hasSize(2);
        var message = (Message) read.signals().getFirst();
        assertThat(message.type()).isEqualTo("unknown");
        assertThat(message.contextWaMessageId()).isEmpty();
        assertThat(message.customer().name()).contains("ab\ufffd");
    }
}
