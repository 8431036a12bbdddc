package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountFact.AccountAlert;
import dev.gesher.whatsapp.AccountFact.AccountReview;
import dev.gesher.whatsapp.AccountFact.AccountUpdate;
import dev.gesher.whatsapp.AccountFact.Capability;
import dev.gesher.whatsapp.AccountFact.Flow;
import dev.gesher.whatsapp.AccountFact.NumberName;
import dev.gesher.whatsapp.AccountFact.NumberQuality;
import dev.gesher.whatsapp.AccountFact.NumberUsername;
import dev.gesher.whatsapp.AccountFact.Restriction;
import dev.gesher.whatsapp.AccountFact.Security;
import dev.gesher.whatsapp.AccountFact.Template;
import dev.gesher.whatsapp.AccountFact.TemplateCategory;
import dev.gesher.whatsapp.AccountFact.TemplateComponents;
import dev.gesher.whatsapp.AccountFact.TemplateQuality;
import dev.gesher.whatsapp.AccountFact.TemplateStatus;
import dev.gesher.whatsapp.InboundSignal.News;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The fields about accounts, numbers and templates, and how a value is told from another's. */
class FieldsTest {
    private static final String TEMPLATE =
            "'message_template_id':1689556908129832,'message_template_name':'order_update','message_template_language':'en-US'";

    private static final Template READ =
            new Template("1689556908129832", "order_update", "en_US", Optional.empty());

    private static AccountUpdate update(String json) {
        return (AccountUpdate) Reads.fact("account_update", json);
    }

    @Test
    void account_updates_are_read_with_what_they_carry() {
        assertThat(
                        update(
                                "{'event':'PARTNER_REMOVED','waba_info':{'waba_id':'1'},'disconnection_info':{'reason':'CHANGE_NUMBER'}}"))
                .isEqualTo(
                        new AccountUpdate(
                                "PARTNER_REMOVED",
                                Optional.empty(),
                                Optional.empty(),
                                Optional.empty(),
                                List.of(),
                                Optional.empty(),
                                Optional.of("CHANGE_NUMBER")));
        assertThat(
                        update(
                                        "{'event':'PARTNER_APP_UNINSTALLED','waba_info':{'partner_app_id':869361281603019}}")
                                .partnerAppId())
                .contains("869361281603019");
        var ban =
                update(
                        "{'event':'DISABLED_UPDATE','ban_info':{'waba_ban_state':'SCHEDULE_FOR_DISABLE','waba_ban_date':'January 31, 2021'}}");
        assertThat(ban.banState()).contains("SCHEDULE_FOR_DISABLE");
        assertThat(ban.banDate()).contains("January 31, 2021");
        assertThat(
                        update(
                                        "{'event':'ACCOUNT_VIOLATION','violation_info':{'violation_type':'ADULT'}}")
                                .violation())
                .contains("ADULT");
        assertThat(
                        update(
                                        "{'event':'ACCOUNT_RESTRICTION','restriction_info':[{'restriction_type':'RESTRICTED_BIZ_INITIATED_MESSAGING','expiration':1790086400},"
                                                + "{'restriction_type':'NEW','expiration':'<TIMESTAMP>'},{}]}")
                                .restrictions())
                .containsExactly(
                        new Restriction(
                                "RESTRICTED_BIZ_INITIATED_MESSAGING",
                                Optional.of(Instant.ofEpochSecond(1_790_086_400))),
                        new Restriction("NEW", Optional.empty()));
        for (var event :
                new String[] {
                    "ACCOUNT_DELETED", "ACCOUNT_OFFBOARDED", "VERIFIED_ACCOUNT", "SOMETHING_NEW"
                }) {
            assertThat(update("{'event':'" + event + "','phone_number':'1'}").event())
                    .isEqualTo(event);
        }
        assertThat(update("{'ban_info':{'waba_ban_state':'REINSTATE'}}").event())
                .isEqualTo("DISABLED_UPDATE");
    }

    @Test
    void other_news_of_accounts_is_read() {
        assertThat(Reads.fact("account_review_update", "{'decision':'REJECTED'}"))
                .isEqualTo(new AccountReview("REJECTED"));
        var nested =
                "{'entity_type':'BUSINESS','entity_id':5069,'alert_info':{'alert_severity':'WARNING','alert_status':'ACTIVE','alert_type':'T','alert_description':'D'}}";
        var flat =
                "{'entity_type':'BUSINESS','entity_id':'5069','alert_severity':'WARNING','alert_status':'ACTIVE','alert_type':'T','alert_description':'D'}";
        for (var alert : List.of(nested, flat)) {
            assertThat(Reads.fact("account_alerts", alert))
                    .isEqualTo(
                            new AccountAlert(
                                    "T",
                                    Optional.of("WARNING"),
                                    Optional.of("ACTIVE"),
                                    Optional.of("D"),
                                    Optional.of("BUSINESS"),
                                    Optional.of("5069")));
        }
        assertThat(
                        Reads.fact(
                                "business_capability_update",
                                "{'max_daily_conversations_per_business':-1,'max_phone_numbers_per_waba':25}"))
                .isEqualTo(new Capability(Optional.of("-1"), Optional.empty(), Optional.of(25)));
        assertThat(
                        Reads.fact(
                                "business_capability_update",
                                "{'max_daily_conversation_per_phone':1000,'max_phone_numbers_per_business':'2'}"))
                .isEqualTo(new Capability(Optional.of("1000"), Optional.of(2), Optional.empty()));
        assertThat(
                        Reads.fact(
                                "flows",
                                "{'event':'ENDPOINT_LATENCY','flow_id':6912,'message':'m','errors':[{'error_count':1}]}"))
                .isEqualTo(new Flow("ENDPOINT_LATENCY", Optional.of("6912"), Optional.of("m")));
        assertThat(Reads.fact("flows", "{'event':'NEW','warning':'w'}"))
                .isEqualTo(new Flow("NEW", Optional.empty(), Optional.of("w")));
    }

    @Test
    void news_of_numbers_is_read_in_old_and_new_forms() {
        assertThat(
                        Reads.fact(
                                "phone_number_quality_update",
                                "{'display_phone_number':'97235550001','event':'DOWNGRADE','current_limit':'TIER_1K','old_limit':'TIER_10K'}"))
                .isEqualTo(
                        new NumberQuality(
                                "DOWNGRADE", Optional.of("TIER_1K"), Optional.of("TIER_10K")));
        assertThat(
                        Reads.fact(
                                "phone_number_quality_update",
                                "{'display_phone_number':'97235550001','event':'ONBOARDING','max_daily_conversations_per_business':'TIER_250'}"))
                .isEqualTo(
                        new NumberQuality("ONBOARDING", Optional.of("TIER_250"), Optional.empty()));
        assertThat(
                        Reads.fact(
                                "phone_number_name_update",
                                "{'display_phone_number':'1','decision':'REJECTED','requested_verified_name':'Lucky','rejection_reason':'NAME_X'}"))
                .isEqualTo(new NumberName("REJECTED", Optional.of("Lucky"), Optional.of("NAME_X")));
        for (var field :
                new String[] {
                    "business_username_updates",
                    "business_username_update",
                    "phone_number_username_update"
                }) {
            assertThat(
                            Reads.fact(
                                    field,
                                    "{'display_phone_number':'1','username':'lucky','status':'approved'}"))
                    .isEqualTo(new NumberUsername(Optional.of("lucky"), "approved"));
            assertThat(Reads.fact(field, "{'display_phone_number':'1','status':'deleted'}"))
                    .isEqualTo(new NumberUsername(Optional.empty(), "deleted"));
        }
        assertThat(
                        Reads.fact(
                                "security",
                                "{'display_phone_number':'1','event':'PIN_CHANGED','requester':'61555'}"))
                .isEqualTo(new Security("PIN_CHANGED", Optional.of("61555")));
    }

    @Test
    void a_decision_on_a_name_that_is_not_told_is_none_on_the_account() {
        for (var name : List.of("'requested_verified_name':null,", "")) {
            assertThat(
                            Reads.fact(
                                    "phone_number_name_update",
                                    "{'display_phone_number':'97235550001','decision':'REJECTED',"
                                            + name
                                            + "'rejection_reason':'X'}"))
                    .isEqualTo(new NumberName("REJECTED", Optional.empty(), Optional.of("X")));
        }
    }

    @Test
    void news_of_templates_is_read() {
        assertThat(
                        Reads.fact(
                                "message_template_status_update",
                                "{'event':'REJECTED','reason':'INVALID_FORMAT','rejection_info':{'reason':'R','recommendation':'X'},"
                                        + "'message_template_category':'MARKETING',"
                                        + TEMPLATE
                                        + "}"))
                .isEqualTo(
                        new TemplateStatus(
                                new Template(
                                        "1689556908129832",
                                        "order_update",
                                        "en_US",
                                        Optional.of("MARKETING")),
                                "REJECTED",
                                Optional.of("INVALID_FORMAT"),
                                Optional.empty(),
                                Optional.of("R")));
        assertThat(
                        Reads.fact(
                                "message_template_status_update",
                                "{'event':'PAUSED','reason':'NONE','other_info':{'title':'FIRST_PAUSE','description':'D'},"
                                        + TEMPLATE
                                        + "}"))
                .isEqualTo(
                        new TemplateStatus(
                                READ,
                                "PAUSED",
                                Optional.empty(),
                                Optional.of("FIRST_PAUSE"),
                                Optional.of("D")));
        assertThat(
                        Reads.fact(
                                "message_template_quality_update",
                                "{'previous_quality_score':'GREEN','new_quality_score':'RED',"
                                        + TEMPLATE
                                        + "}"))
                .isEqualTo(new TemplateQuality(READ, Optional.of("GREEN"), "RED"));
        assertThat(
                        Reads.fact(
                                "message_template_components_update",
                                "{'message_template_element':'body','message_template_buttons':[],"
                                        + TEMPLATE
                                        + "}"))
                .isEqualTo(new TemplateComponents(READ));
    }

    @Test
    void while_a_category_is_only_announced_the_new_one_is_what_it_is() {
        assertThat(
                        Reads.fact(
                                "template_category_update",
                                "{'new_category':'UTILITY','correct_category':'MARKETING','category_update_timestamp':1790086400,"
                                        + TEMPLATE
                                        + "}"))
                .isEqualTo(
                        new TemplateCategory(
                                READ,
                                Optional.empty(),
                                "UTILITY",
                                Optional.of("MARKETING"),
                                Optional.of(Instant.ofEpochSecond(1_790_086_400))));
        assertThat(
                        Reads.fact(
                                "template_category_update",
                                "{'previous_category':'UTILITY','new_category':'MARKETING',"
                                        + TEMPLATE
                                        + "}"))
                .isEqualTo(
                        new TemplateCategory(
                                READ,
                                Optional.of("UTILITY"),
                                "MARKETING",
                                Optional.empty(),
                                Optional.empty()));
    }

    @Test
    void a_value_under_another_fields_name_is_read_as_what_it_is() {
        record Case(String field, String value, Class<? extends AccountFact> fact) {}
        for (var one :
                List.of(
                        new Case(
                                "message_template_status_update",
                                "{'new_quality_score':'RED'," + TEMPLATE + "}",
                                TemplateQuality.class),
                        new Case(
                                "message_template_status_update",
                                "{'new_category':'UTILITY'," + TEMPLATE + "}",
                                TemplateCategory.class),
                        new Case(
                                "phone_number_quality_update",
                                "{'event':'PARTNER_REMOVED','waba_info':{'waba_id':'1'}}",
                                AccountUpdate.class),
                        new Case(
                                "account_update",
                                "{'display_phone_number':'1','event':'FLAGGED','current_limit':'TIER_1K'}",
                                NumberQuality.class),
                        new Case("account_update", "{'decision':'APPROVED'}", AccountReview.class),
                        new Case(
                                "account_review_update",
                                "{'decision':'APPROVED','requested_verified_name':'x','display_phone_number':'1'}",
                                NumberName.class),
                        new Case(
                                "account_update",
                                "{'alert_info':{'alert_type':'T'}}",
                                AccountAlert.class),
                        new Case(
                                "phone_number_quality_update",
                                "{'max_daily_conversations_per_business':'TIER_1K'}",
                                Capability.class),
                        new Case("unknown", "{'event':'ACCOUNT_DELETED'}", AccountUpdate.class),
                        new Case(
                                "unknown",
                                "{'event':'FLOW_STATUS_CHANGE','flow_id':'1','errors':[]}",
                                Flow.class))) {
            assertThat(Reads.fact(one.field(), one.value()))
                    .as(one.toString())
                    .isInstanceOf(one.fact());
        }
    }

    @Test
    void what_is_not_ours_to_act_on_is_counted_under_a_closed_list_of_names() {
        for (var field :
                List.of(
                        "calls",
                        "group_lifecycle_update",
                        "standby",
                        "partner_solutions",
                        "payment_configuration_update",
                        "automatic_events",
                        "messaging_handovers",
                        "account_settings_update",
                        "template_correct_category_detection")) {
            var read =
                    Reads.value(
                            field,
                            "{'event':'ACCOUNT_DELETED','messages':[{'id':'m','from':'972541112222'}]}");
            assertThat(read.signals()).isEmpty();
            assertThat(read.problems()).isEmpty();
            assertThat(read.ignored()).containsExactly(field);
        }
        assertThat(Reads.value("moon_phase", "{'messages':[]}").ignored()).containsExactly("other");
        assertThat(Reads.value("unknown", "{'moon':1}").ignored()).containsExactly("other");
        assertThat(Fields.name("business_username_update")).isEqualTo("business_username_updates");
    }

    @Test
    void a_known_field_that_says_nothing_readable_is_a_problem() {
        for (var field :
                List.of(
                        "messages",
                        "history",
                        "account_update",
                        "message_template_status_update",
                        "security",
                        "flows",
                        "user_preferences",
                        "account_alerts",
                        "business_capability_update")) {
            assertThat(Reads.value(field, "{'moon':1}").problems())
                    .as(field)
                    .containsExactly(Told.NOTHING_TO_READ);
        }
        assertThat(Reads.value("account_alerts", "{'alert_info':7}").problems()).hasSize(1);
    }

    private static News news(String field, String json, Optional<Instant> told) {
        return (News) Reads.value(field, json, told).signals().getFirst();
    }

    @Test
    void news_is_known_again_and_told_from_the_same_at_another_time() {
        var first =
                news(
                        "account_review_update",
                        "{'decision':'APPROVED','more':{'a':1,'b':[1,2]}}",
                        Optional.of(Reads.TOLD));
        assertThat(first.identity()).matches("[0-9a-f]{64}");
        assertThat(first.at()).isEqualTo(Reads.TOLD);
        assertThat(first.wabaId()).isEqualTo("7001");
        assertThat(first.valueJson())
                .isEqualTo("{\"decision\":\"APPROVED\",\"more\":{\"a\":1,\"b\":[1,2]}}");
        assertThat(
                        news(
                                        "account_review_update",
                                        "{'more':{'b':[1,2],'a':1},'decision':'APPROVED'}",
                                        Optional.of(Reads.TOLD))
                                .identity())
                .isEqualTo(first.identity());
        assertThat(
                        List.of(
                                news(
                                                "account_review_update",
                                                "{'decision':'APPROVED','more':{'a':1,'b':[2,1]}}",
                                                Optional.of(Reads.TOLD))
                                        .identity(),
                                news(
                                                "account_review_update",
                                                "{'decision':'APPROVED','more':{'a':1,'b':[1,2]}}",
                                                Optional.of(Reads.TOLD.plusSeconds(1)))
                                        .identity(),
                                news(
                                                "account_update",
                                                "{'decision':'APPROVED','more':{'a':1,'b':[1,2]}}",
                                                Optional.of(Reads.TOLD))
                                        .identity()))
                .doesNotContain(first.identity())
                .doesNotHaveDuplicates();
    }

    @Test
    void news_without_a_time_is_at_its_receipt_and_the_pieces_of_a_change_are_told_apart() {
        var read =
                Reads.value(
                        "messages",
                        "{'metadata':{'phone_number_id':'5001'},'errors':[{'code':1},{'code':2},{'code':2}]}",
                        Optional.empty());
        var identities = read.signals().stream().map(one -> ((News) one).identity()).toList();
        assertThat(identities).hasSize(3);
        assertThat(identities.get(0)).isNotEqualTo(identities.get(1));
        assertThat(identities.get(1)).isEqualTo(identities.get(2));
        assertThat(read.signals().getFirst().at()).isEqualTo(Reads.RECEIVED);
    }
}
