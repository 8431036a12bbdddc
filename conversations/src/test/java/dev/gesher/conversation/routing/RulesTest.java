package dev.gesher.conversation.routing;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.Decision;
import dev.gesher.conversation.Reason;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.conversation.contact.Window;
import dev.gesher.conversation.routing.Facts.TemplateWish;
import dev.gesher.whatsapp.Connection;
import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RulesTest {
    private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");
    private static final Optional<Window> OPEN = Optional.of(Window.opened("1", NOW));

    private Optional<Connection.Status> status = Optional.of(Connection.Status.ACTIVE);
    private Optional<String> number = Optional.of("1");
    private boolean active = true;
    private boolean toSelf;
    private Optional<Window> window = Optional.empty();
    private Routing routing = Routing.AUTO;
    private List<Connection.Restriction> restrictions = List.of();
    private boolean freeForm = true;
    private boolean refused;
    private Optional<TemplateWish> wish = Optional.empty();
    private String locale = "he";
    private boolean stopped;
    private Catalogue catalogue = new Catalogue.NotAsked();

    private Decision decide() {
        return Rules.decide(
                new Facts(
                        NOW,
                        active,
                        status,
                        number,
                        restrictions,
                        toSelf,
                        window,
                        routing,
                        freeForm,
                        refused,
                        wish,
                        locale,
                        stopped,
                        catalogue));
    }

    private void wishFor(String language, TemplateVariant... variants) {
        wish =
                Optional.of(
                        new TemplateWish(
                                "order",
                                language.isEmpty() ? Optional.empty() : Optional.of(language),
                                Optional.empty()));
        catalogue = new Catalogue.Listed(Arrays.asList(variants));
    }

    private static TemplateVariant approved(String language) {
        return variant(language, "APPROVED", "UTILITY");
    }

    private static TemplateVariant variant(String language, String status, String category) {
        return new TemplateVariant("order", language, status, category, "NAMED", NOW);
    }

    private static Decision blocked(Reason... reasons) {
        return new Decision.Blocked(List.of(reasons));
    }

    @Test
    void an_open_window_lets_it_go_as_it_is() {
        window = OPEN;
        wishFor("", approved("he"));
        assertThat(decide()).isEqualTo(new Decision.FreeForm(OPEN.orElseThrow().safeUntil()));
    }

    @Test
    void who_wants_no_advertising_gets_all_but_that() {
        stopped = true;
        wishFor("", variant("he", "APPROVED", "MARKETING"));
        assertThat(decide()).isEqualTo(blocked(Reason.MARKETING_STOPPED));

        wishFor("", approved("he"));
        assertThat(decide()).isInstanceOf(Decision.Template.class);

        window = OPEN;
        wishFor("", variant("he", "APPROVED", "MARKETING"));
        assertThat(decide()).isInstanceOf(Decision.FreeForm.class);
    }

    @Test
    void what_may_be_advertising_waits_for_the_catalogue_if_none_is_wanted() {
        stopped = true;
        wish = Optional.of(new TemplateWish("order", Optional.empty(), Optional.of("he")));
        catalogue = new Catalogue.Unavailable();
        assertThat(decide()).isInstanceOf(Decision.Deferred.class);

        stopped = false;
        assertThat(decide()).isInstanceOf(Decision.Template.class);
    }

    @Test
    void a_window_of_another_number_is_none() {
        window = Optional.of(Window.opened("2", NOW));
        assertThat(decide()).isEqualTo(blocked(Reason.WINDOW_CLOSED));
    }

    @Test
    void routing_says_what_may_be_used() {
        window = OPEN;
        wishFor("", approved("he"));
        routing = Routing.TEMPLATE;
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));

        window = Optional.empty();
        routing = Routing.FREEFORM;
        assertThat(decide()).isEqualTo(blocked(Reason.WINDOW_CLOSED));
    }

    @Test
    void once_meta_refused_the_window_the_template_goes_even_if_we_think_it_is_open() {
        window = OPEN;
        refused = true;
        wishFor("", approved("he"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));
    }

    @ParameterizedTest
    @CsvSource(
            nullValues = "-",
            value = {
                "ru, ru he en, ru",
                "ru_RU, ru he en, ru",
                "ru, he en, he",
                "'', he en, he",
                "iw, he en, he",
                "iw_IL, he en, he",
                "he-IL, he en, he",
                "'', en en_US, en",
                "'', en_US, en_US",
                "en-us, en_US he, en_US",
                "en_GB, en he, en",
                "en_GB, en_US he, he",
                "'', fr ru, -"
            })
    void languages_are_tried_in_order(String requested, String there, @Nullable String chosen) {
        wishFor(
                requested,
                Arrays.stream(there.split(" "))
                        .map(RulesTest::approved)
                        .toArray(TemplateVariant[]::new));
        assertThat(decide())
                .isEqualTo(
                        chosen == null
                                ? blocked(
                                        Reason.WINDOW_CLOSED, Reason.TEMPLATE_LANGUAGE_UNAVAILABLE)
                                : new Decision.Template("order", chosen));
    }

    @Test
    void a_tenants_own_language_comes_before_the_second_ones() {
        locale = "ru";
        wishFor("", approved("en"), approved("he"), approved("ru"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "ru"));
    }

    @Test
    void advertising_does_not_slip_into_english() {
        wishFor("", variant("he", "PAUSED", "MARKETING"), variant("en", "APPROVED", "MARKETING"));
        assertThat(decide())
                .isEqualTo(blocked(Reason.WINDOW_CLOSED, Reason.TEMPLATE_LANGUAGE_UNAVAILABLE));
        wishFor("en", variant("en", "APPROVED", "MARKETING"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "en"));
    }

    @Test
    void advertising_asked_for_in_hebrew_does_not_slip_into_the_tenants_own_language() {
        locale = "en";
        wishFor("he", variant("he", "PAUSED", "MARKETING"), variant("en", "APPROVED", "MARKETING"));
        assertThat(decide())
                .isEqualTo(blocked(Reason.WINDOW_CLOSED, Reason.TEMPLATE_LANGUAGE_UNAVAILABLE));
        wishFor("he", variant("he", "PAUSED", "UTILITY"), approved("en"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "en"));
        wishFor("", variant("en", "APPROVED", "MARKETING"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "en"));
        wishFor("en_GB", variant("en", "APPROVED", "MARKETING"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "en"));
    }

    @Test
    void advertising_may_step_into_hebrew() {
        wishFor("ru", variant("ru", "PAUSED", "MARKETING"), variant("he", "APPROVED", "MARKETING"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));
    }

    @Test
    void only_approved_variants_count() {
        freeForm = false;
        wishFor("", variant("he", "PAUSED", "UTILITY"), variant("en", "REJECTED", "UTILITY"));
        assertThat(decide()).isEqualTo(blocked(Reason.TEMPLATE_NOT_APPROVED));
        wishFor("");
        assertThat(decide()).isEqualTo(blocked(Reason.TEMPLATE_NOT_FOUND));
        wishFor("", variant("he", "PAUSED", "UTILITY"), approved("en"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "en"));
    }

    @Test
    void while_meta_cannot_be_asked_it_waits_or_goes_as_was_decided() {
        wishFor("");
        catalogue = new Catalogue.Unavailable();
        assertThat(decide())
                .isEqualTo(
                        new Decision.Deferred(
                                NOW.plusSeconds(30),
                                List.of(Reason.TEMPLATE_CATALOGUE_UNAVAILABLE)));
        wish = Optional.of(new TemplateWish("order", Optional.empty(), Optional.of("he")));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));
    }

    @Test
    void all_reasons_are_listed_in_their_order() {
        active = false;
        status = Optional.of(Connection.Status.INVALID);
        toSelf = true;
        wishFor("");
        assertThat(decide())
                .isEqualTo(
                        blocked(
                                Reason.TENANT_SUSPENDED,
                                Reason.CONNECTION_INVALID,
                                Reason.RECIPIENT_IS_SENDER,
                                Reason.WINDOW_CLOSED,
                                Reason.TEMPLATE_NOT_FOUND));
        status = Optional.of(Connection.Status.DISCONNECTED);
        number = Optional.empty();
        assertThat(decide())
                .isEqualTo(
                        blocked(
                                Reason.TENANT_SUSPENDED,
                                Reason.NOT_CONNECTED,
                                Reason.RECIPIENT_IS_SENDER));
    }

    @Test
    void a_receipt_tells_decision_and_inputs() {
        window = OPEN;
        var facts =
                new Facts(
                        NOW,
                        active,
                        status,
                        number,
                        restrictions,
                        toSelf,
                        window,
                        routing,
                        freeForm,
                        refused,
                        wish,
                        locale,
                        stopped,
                        catalogue);
        assertThat(Receipts.json(facts, Rules.decide(facts)))
                .contains("\"kind\":\"freeform\"")
                .contains("\"rule_version\":" + Rules.VERSION)
                .contains("\"opened_at\":\"2026-03-01T12:00:00Z\"");
    }

    private static Connection.Restriction restricted(Connection.Limit limit, Duration length) {
        return new Connection.Restriction(limit, Optional.of(NOW.plus(length)));
    }

    private static Connection.Restriction forGood(Connection.Limit limit) {
        return new Connection.Restriction(limit, Optional.empty());
    }

    @Test
    void a_restriction_is_over_at_its_end_and_concerns_its_own_messages_only() {
        window = OPEN;
        wishFor("", approved("he"));
        restrictions =
                List.of(
                        restricted(Connection.Limit.REPLIES, Duration.ZERO),
                        forGood(Connection.Limit.TEMPLATES));
        assertThat(decide()).isInstanceOf(Decision.FreeForm.class);
        window = Optional.empty();
        assertThat(decide()).isEqualTo(blocked(Reason.TEMPLATES_RESTRICTED));
        restrictions = List.of(forGood(Connection.Limit.REPLIES));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));
        window = OPEN;
        assertThat(decide()).isEqualTo(blocked(Reason.REPLIES_RESTRICTED));
    }

    @Test
    void a_template_waits_for_an_end_that_is_near_and_not_for_one_that_is_far() {
        wishFor("", approved("he"));
        for (var limit : List.of(Connection.Limit.TEMPLATES, Connection.Limit.UTILITY_TEMPLATES)) {
            var reason = Reason.valueOf(limit.name() + "_RESTRICTED");
            restrictions = List.of(restricted(limit, Rules.RESTRICTION_WAIT));
            assertThat(decide())
                    .isEqualTo(
                            new Decision.Deferred(
                                    NOW.plus(Rules.RESTRICTION_WAIT), List.of(reason)));
            restrictions = List.of(restricted(limit, Rules.RESTRICTION_WAIT.plusSeconds(1)));
            assertThat(decide()).isEqualTo(blocked(reason));
        }
    }

    @Test
    void waiting_never_hides_another_reason() {
        restrictions = List.of(restricted(Connection.Limit.TEMPLATES, Duration.ofHours(1)));
        wishFor("", variant("he", "PAUSED", "UTILITY"));
        assertThat(decide()).isEqualTo(blocked(Reason.WINDOW_CLOSED, Reason.TEMPLATE_NOT_APPROVED));
        restrictions =
                List.of(
                        forGood(Connection.Limit.TEMPLATES),
                        forGood(Connection.Limit.UTILITY_TEMPLATES));
        wishFor("", approved("he"));
        assertThat(decide())
                .isEqualTo(
                        blocked(Reason.TEMPLATES_RESTRICTED, Reason.UTILITY_TEMPLATES_RESTRICTED));
    }

    @Test
    void while_utility_templates_are_restricted_a_category_must_be_known() {
        wish = Optional.of(new TemplateWish("order", Optional.empty(), Optional.of("he")));
        catalogue = new Catalogue.Unavailable();
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));
        restrictions = List.of(forGood(Connection.Limit.UTILITY_TEMPLATES));
        assertThat(decide()).isInstanceOf(Decision.Deferred.class);
        wishFor("", variant("he", "APPROVED", "MARKETING"));
        assertThat(decide()).isEqualTo(new Decision.Template("order", "he"));
    }
}
