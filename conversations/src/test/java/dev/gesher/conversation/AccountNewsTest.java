package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.json;
import static dev.gesher.conversation.RunningGesher.template;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.AccountFact.AccountUpdate;
import dev.gesher.whatsapp.AccountFact.NumberQuality;
import dev.gesher.whatsapp.AccountFact.Restriction;
import dev.gesher.whatsapp.AccountHealth;
import dev.gesher.whatsapp.AccountNews;
import dev.gesher.whatsapp.AppSync;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.MessageContent;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Meta tells of an account and its number: once, by its own time, and what it stops. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class AccountNewsTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;
    private Instant now;

    @BeforeAll
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
    }

    @AfterAll
    void stop() {
        gesher.close();
        simulator.close();
    }

    @BeforeEach
    void connect() {
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        now = clock.instant();
    }

    private News news(Instant at, AccountFact fact) {
        return new News(UUID.randomUUID().toString(), at, number.wabaId(), fact, "{}");
    }

    private void receive(InboundSignal... signals) {
        gesher.receive(tenant, number.phoneNumberId(), signals);
    }

    private void receive(Instant at, AccountFact fact) {
        receive(news(at, fact));
    }

    private AccountHealth health() {
        return gesher.bean(AccountNews.class).health(tenant);
    }

    private List<Events.Event> told() {
        return gesher.events(tenant).stream()
                .filter(event -> !event.type().equals("connection.active"))
                .toList();
    }

    private List<String> toldTypes() {
        return told().stream().map(Events.Event::type).toList();
    }

    private static AccountUpdate update(String event) {
        return new AccountUpdate(
                event,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    private static AccountUpdate restriction(String type, @Nullable Instant until) {
        return new AccountUpdate(
                "ACCOUNT_RESTRICTION",
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                List.of(new Restriction(type, Optional.ofNullable(until))),
                Optional.empty(),
                Optional.empty());
    }

    private static AccountUpdate ban(String state) {
        return new AccountUpdate(
                "DISABLED_UPDATE",
                Optional.empty(),
                Optional.of(state),
                Optional.of("November 20, 2026"),
                List.of(),
                Optional.empty(),
                Optional.empty());
    }

    private static NumberQuality quality(String event) {
        return new NumberQuality(event, Optional.empty(), Optional.empty());
    }

    private static NumberQuality limit(String tier) {
        return new NumberQuality("UPGRADE", Optional.of(tier), Optional.empty());
    }

    private static AccountFact.Capability capability(String people) {
        return new AccountFact.Capability(Optional.of(people), Optional.empty(), Optional.empty());
    }

    private static AccountFact.NumberName name(String decision) {
        return new AccountFact.NumberName(decision, Optional.of("מאפייה"), Optional.empty());
    }

    private static AccountFact.NumberUsername username(String status) {
        return new AccountFact.NumberUsername(Optional.of("bakery"), status);
    }

    /** Each kind of state, a signal, its opposite, and what then shows. */
    static Stream<Arguments> opposites() {
        return Stream.of(
                opposite(
                        quality("FLAGGED"),
                        quality("UNFLAGGED"),
                        health -> health.quality(),
                        "connection.quality_changed"),
                opposite(
                        limit("TIER_2K"),
                        limit("TIER_10K"),
                        health -> health.messagingLimit(),
                        "connection.limit_changed"),
                opposite(
                        capability("TIER_10K"),
                        capability("TIER_250"),
                        health -> health.messagingLimit(),
                        "connection.limit_changed"),
                opposite(
                        name("REJECTED"),
                        name("APPROVED"),
                        health -> health.name(),
                        "connection.name_decided"),
                opposite(
                        username("approved"),
                        username("deleted"),
                        health -> health.username(),
                        "connection.username_changed"),
                opposite(
                        new AccountFact.AccountReview("REJECTED"),
                        new AccountFact.AccountReview("APPROVED"),
                        health -> health.review(),
                        "connection.review_decided"),
                opposite(
                        ban("SCHEDULE_FOR_DISABLE"),
                        ban("REINSTATE"),
                        health -> health.ban(),
                        "account.alert"));
    }

    private static Arguments opposite(
            AccountFact one,
            AccountFact other,
            Function<AccountHealth, Optional<AccountHealth.Fact>> shown,
            String event) {
        return Arguments.of(one, other, shown, event);
    }

    @ParameterizedTest
    @MethodSource("opposites")
    void the_newest_by_metas_time_holds_whatever_comes_after(
            AccountFact one,
            AccountFact other,
            Function<AccountHealth, Optional<AccountHealth.Fact>> shown,
            String event) {
        receive(now.minusSeconds(60), one);
        var first = shown.apply(health()).orElseThrow();
        assertThat(first.since()).isEqualTo(now.minusSeconds(60));

        receive(now.minusSeconds(30), other);
        var second = shown.apply(health()).orElseThrow();
        assertThat(second.since()).isEqualTo(now.minusSeconds(30));
        assertThat(second.value()).isNotEqualTo(first.value());

        // The first kind again, told before the other: too old.
        receive(now.minusSeconds(45), one);
        assertThat(shown.apply(health())).contains(second);
        assertThat(toldTypes()).containsExactly(event, event);

        receive(now.minusSeconds(15), one);
        assertThat(shown.apply(health()).orElseThrow().value()).isEqualTo(first.value());
        assertThat(toldTypes()).containsExactly(event, event, event);
    }

    @ParameterizedTest
    @MethodSource("opposites")
    void order_of_arrival_does_not_matter(
            AccountFact one,
            AccountFact other,
            Function<AccountHealth, Optional<AccountHealth.Fact>> shown,
            String event) {
        receive(now.minusSeconds(30), other);
        var newest = shown.apply(health());
        receive(now.minusSeconds(60), one);

        assertThat(shown.apply(health())).isEqualTo(newest);
        assertThat(toldTypes()).containsExactly(event);
        // Of two told in the same second one stays, whichever came first.
        receive(now, one);
        receive(now, other);
        var after = shown.apply(health());
        number = again();
        tenant = gesher.connectedTenant(simulator, number);
        receive(now, other);
        receive(now, one);
        assertThat(shown.apply(health()).map(AccountHealth.Fact::value))
                .isEqualTo(after.map(AccountHealth.Fact::value));
    }

    private SimulatedNumber again() {
        return SimulatedNumber.of(simulator, "+972 3-555-0102");
    }

    @ParameterizedTest
    @MethodSource("opposites")
    void the_same_news_twice_is_told_once(
            AccountFact one,
            AccountFact other,
            Function<AccountHealth, Optional<AccountHealth.Fact>> shown,
            String event) {
        var news = news(now, one);
        receive(news, news);
        receive(news);
        assertThat(toldTypes()).containsExactly(event);
    }

    @Test
    void events_without_a_state_are_told_once() {
        var alert =
                news(
                        now,
                        new AccountFact.AccountAlert(
                                "OBA_APPROVED",
                                Optional.of("INFORMATIONAL"),
                                Optional.empty(),
                                Optional.of("congratulations"),
                                Optional.of("BUSINESS"),
                                Optional.of("17")));
        receive(alert, alert);
        receive(alert);
        receive(now, new AccountFact.Flow("ENDPOINT_LATENCY", Optional.of("9"), Optional.empty()));
        receive(
                now,
                new AccountFact.NumberError(
                        new InboundSignal.MetaError(
                                "130429", Optional.of("Rate limit hit"), Optional.empty())));
        receive(now, update("AD_ACCOUNT_LINKED"));
        receive(now, new AccountFact.Security("PIN_RESET_REQUEST", Optional.of("1")));

        assertThat(toldTypes())
                .containsExactly(
                        "account.alert",
                        "flow.alert",
                        "account.alert",
                        "account.updated",
                        "connection.security_alert");
        var data = json(told().getFirst().dataJson());
        assertThat(data.path("alert").asText()).isEqualTo("OBA_APPROVED");
        assertThat(data.path("severity").asText()).isEqualTo("INFORMATIONAL");
        assertThat(data.path("told_at").asText()).isEqualTo(now.toString());
    }

    @Test
    void history_never_goes_back_within_one_import() {
        receive(now.minusSeconds(50), new AccountFact.HistoryProgress(0, 1, 100));
        receive(now.minusSeconds(40), new AccountFact.HistoryProgress(0, 0, 55));
        receive(now.minusSeconds(30), new AccountFact.HistoryProgress(0, 1, 100));
        assertThat(toldTypes()).containsExactly("connection.history_received");

        gesher.asAdministrator(
                "UPDATE whatsapp_connections SET app_sync_until = ? WHERE tenant_id = ?",
                now.minusSeconds(20).plusSeconds(86_400).atOffset(ZoneOffset.UTC),
                tenant.value());
        receive(now.minusSeconds(10), new AccountFact.HistoryProgress(0, 0, 5));
        receive(now.minusSeconds(9), new AccountFact.HistoryProgress(0, 1, 100));
        assertThat(toldTypes())
                .containsExactly("connection.history_received", "connection.history_received");
    }

    @Test
    void news_with_the_numbers_own_id_needs_no_account() {
        receive(
                new News(
                        "of the number",
                        now,
                        "0",
                        new AccountFact.NumberError(
                                new InboundSignal.MetaError(
                                        "130429", Optional.of("T"), Optional.empty())),
                        "{}"));
        assertThat(toldTypes()).containsExactly("account.alert");
    }

    @Test
    void news_of_another_number_or_account_changes_nothing() {
        gesher.receive(tenant, "4711", news(now, quality("FLAGGED")));
        receive(new News("x", now, "4712", new AccountFact.AccountReview("REJECTED"), "{}"));

        assertThat(health()).isEqualTo(AccountHealth.UNKNOWN);
        assertThat(told()).isEmpty();
    }

    @Test
    void what_the_verification_read_wins_over_older_news() {
        receive(now.minusSeconds(60), quality("FLAGGED"));
        receive(now.minusSeconds(60), new AccountFact.Security("PIN_CHANGED", Optional.empty()));
        assertThat(health().pinChanged()).isPresent();

        gesher.asAdministrator(
                "UPDATE whatsapp_connections SET verified_at = ?, quality_rating = 'GREEN' WHERE tenant_id = ?",
                now.minusSeconds(30).atOffset(ZoneOffset.UTC),
                tenant.value());

        assertThat(health().quality().orElseThrow().value()).isEqualTo("GREEN");
        assertThat(health().pinChanged()).isEmpty();
        receive(now.minusSeconds(40), quality("UNFLAGGED"));
        receive(now.minusSeconds(40), new AccountFact.Security("PIN_CHANGED", Optional.empty()));
        assertThat(health().quality().orElseThrow().value()).isEqualTo("GREEN");
        assertThat(health().pinChanged()).isEmpty();
        receive(now, quality("FLAGGED"));
        receive(now, new AccountFact.Security("PIN_CHANGED", Optional.empty()));
        assertThat(health().quality().orElseThrow().value()).isEqualTo("FLAGGED");
        assertThat(health().pinChanged().orElseThrow().since()).isEqualTo(now);
    }

    @Test
    void a_throughput_upgrade_speeds_its_lane_up_but_not_that_of_a_number_in_the_app() {
        receive(now, quality("THROUGHPUT_UPGRADE"));
        assertThat(perSecond()).isEqualTo(1000);
        assertThat(health().throughput().orElseThrow().value()).isEqualTo("HIGH");

        number = again();
        tenant = gesher.connectedTenant(simulator, number);
        gesher.asAdministrator(
                "UPDATE whatsapp_connections SET coexistence = true WHERE tenant_id = ?",
                tenant.value());
        gesher.asAdministrator(
                "UPDATE lanes SET messages_per_second = 20 WHERE phone_number_id = ?",
                number.phoneNumberId());
        receive(now, quality("THROUGHPUT_UPGRADE"));
        assertThat(perSecond()).isEqualTo(20);
    }

    private long perSecond() {
        return gesher.count(
                "SELECT messages_per_second FROM lanes WHERE phone_number_id = ?",
                number.phoneNumberId());
    }

    private Decision precheck(SendRequest request) {
        return ((Messages.Precheck.Decided) gesher.messages().precheck(request)).decision();
    }

    @Test
    void a_restriction_of_templates_blocks_them_and_lets_replies_go() {
        var until = now.plus(Duration.ofDays(3));
        receive(now, restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until));

        assertThat(precheck(template(tenant, CUSTOMER)))
                .isEqualTo(new Decision.Blocked(List.of(Reason.TEMPLATES_RESTRICTED)));
        assertThat(gesher.messages().send(template(tenant, CUSTOMER)))
                .isInstanceOf(SendAnswer.Blocked.class);
        gesher.customerWrites(tenant, number.phoneNumberId(), CUSTOMER, "שלום");
        assertThat(precheck(text(tenant, CUSTOMER, "היי"))).isInstanceOf(Decision.FreeForm.class);
        assertThat(health().restrictions())
                .containsExactly(
                        new AccountHealth.Fact(
                                "RESTRICTED_BIZ_INITIATED_MESSAGING",
                                Optional.empty(),
                                now,
                                Optional.of(until)));
        var event = json(told().getFirst().dataJson());
        assertThat(told().getFirst().type()).isEqualTo("connection.restricted");
        assertThat(event.path("until").asText()).isEqualTo(until.toString());
    }

    @Test
    void a_restriction_of_replies_blocks_them_and_lets_templates_go() {
        receive(now, restriction("RESTRICTED_CUSTOMER_INITIATED_MESSAGING", null));
        gesher.customerWrites(tenant, number.phoneNumberId(), CUSTOMER, "שלום");

        assertThat(precheck(text(tenant, CUSTOMER, "היי")))
                .isEqualTo(new Decision.Blocked(List.of(Reason.REPLIES_RESTRICTED)));
        assertThat(precheck(template(tenant, CUSTOMER))).isInstanceOf(Decision.Template.class);
    }

    @Test
    void a_restriction_of_utility_templates_blocks_those_only() {
        receive(now, restriction("RESTRICTED_UTILITY_TEMPLATES", null));

        assertThat(precheck(template(tenant, CUSTOMER)))
                .isEqualTo(new Decision.Blocked(List.of(Reason.UTILITY_TEMPLATES_RESTRICTED)));
        simulator
                .control()
                .putTemplate(
                        number.wabaId(),
                        (ObjectNode)
                                json(
                                        """
                                        {"name": "sale", "language": "he", "category": "MARKETING",
                                         "components": [{"type": "BODY", "text": "מבצע"}]}
                                        """));
        assertThat(precheck(sale())).isInstanceOf(Decision.Template.class);
    }

    private SendRequest sale() {
        return RunningGesher.request(
                tenant,
                CUSTOMER,
                Optional.empty(),
                Optional.of(
                        new MessageContent.Template(
                                "sale", Optional.empty(), List.of(), Optional.empty())),
                SendRequest.Routing.AUTO,
                Optional.empty());
    }

    @Test
    void other_restrictions_are_shown_and_stop_nothing() {
        receive(now, restriction("RESTRICTED_ADD_PHONE_NUMBER_ACTION", null));
        assertThat(precheck(template(tenant, CUSTOMER))).isInstanceOf(Decision.Template.class);
        assertThat(health().restrictions()).hasSize(1);
    }

    @Test
    void a_template_waits_for_the_end_of_a_short_restriction_which_ends_by_itself() {
        var until = now.plus(Duration.ofHours(5));
        receive(now, restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until));

        var sent = gesher.accepted(template(tenant, CUSTOMER));
        assertThat(sent.notBefore()).contains(until);
        assertThat(sent.reasons()).containsExactly(Reason.TEMPLATES_RESTRICTED);
        clock.set(until);

        assertThat(precheck(template(tenant, CUSTOMER))).isInstanceOf(Decision.Template.class);
        assertThat(health().restrictions()).isEmpty();
        assertThat(due("account_restriction")).isOne();
        gesher.fire(tenant, "account_restriction", tenant.value());
        gesher.fire(tenant, "account_restriction", tenant.value());
        assertThat(toldTypes())
                .filteredOn(type -> type.startsWith("connection."))
                .containsExactly("connection.restricted", "connection.restriction_lifted");
    }

    private long due(String timer) {
        return gesher.count(
                "SELECT count(*) FROM timers WHERE kind = ? AND tenant_id = ? AND due_at <= ?",
                timer,
                tenant.value(),
                clock.instant().atOffset(ZoneOffset.UTC));
    }

    @Test
    void an_older_restriction_that_comes_late_changes_nothing() {
        var until = now.plus(Duration.ofDays(7));
        receive(now.minusSeconds(20), ban("REINSTATE"));
        receive(now.minusSeconds(60), restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until));
        assertThat(health().restrictions()).isEmpty();
        receive(now.minusSeconds(10), ban("REINSTATE"));
        assertThat(health().restrictions()).isEmpty();
        assertThat(precheck(template(tenant, CUSTOMER))).isInstanceOf(Decision.Template.class);
        receive(now.minusSeconds(60), restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until));
        receive(now.minusSeconds(30), restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until));
        assertThat(health().restrictions()).isEmpty();
        assertThat(toldTypes()).containsExactly("account.alert", "account.alert");
        receive(now, restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", until));
        assertThat(health().restrictions()).hasSize(1);
    }

    @Test
    void what_was_queued_before_is_judged_anew_before_its_call() {
        var sent = gesher.accepted(template(tenant, CUSTOMER));
        receive(
                now,
                restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", now.plus(Duration.ofDays(3))));

        gesher.with("dispatcher");

        await().untilAsserted(() ->
                assertThat(gesher.message(tenant, sent.message()).status()).isEqualTo("blocked"));
        assertThat(gesher.message(tenant, sent.message()).reasons())
                .containsExactly("templates_restricted");
        assertThat(simulator.control().calls(number.phoneNumberId() + "/messages")).isEmpty();
    }

    private AccountFact.TemplateStatus status(String event) {
        return new AccountFact.TemplateStatus(
                orderUpdate(), event, Optional.of("NONE"), Optional.empty(), Optional.empty());
    }

    private static AccountFact.Template orderUpdate() {
        return new AccountFact.Template("17", "order_update", "he", Optional.of("UTILITY"));
    }

    /** As the catalogue has it, in the language that webhooks speak of. */
    private Optional<String> language() {
        return precheck(template(tenant, CUSTOMER)) instanceof Decision.Template(var _, var chosen)
                ? Optional.of(chosen)
                : Optional.empty();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {"PAUSED", "DISABLED", "REJECTED", "PENDING_DELETION", "LOCKED", "ARCHIVED"})
    void a_template_that_meta_stopped_is_not_chosen_any_more(String event) {
        assertThat(language()).contains("he");
        receive(clock.instant(), status(event));
        assertThat(language()).isNotEqualTo(Optional.of("he"));

        // Older news of the opposite changes nothing, newer does.
        receive(clock.instant().minusSeconds(5), status("APPROVED"));
        assertThat(language()).isNotEqualTo(Optional.of("he"));
        clock.advance(Duration.ofSeconds(10));
        receive(clock.instant(), status("REINSTATED"));
        assertThat(language()).contains("he");
        receive(clock.instant().minusSeconds(5), status(event));
        assertThat(language()).contains("he");
        assertThat(toldTypes())
                .containsExactly("template.status_changed", "template.status_changed");
    }

    @Test
    void what_graph_listed_after_the_news_is_newer() {
        receive(clock.instant().minusSeconds(60), status("PAUSED"));
        assertThat(language()).contains("he");
    }

    @Test
    void a_template_is_read_anew_once_meta_told_of_it() {
        assertThat(language()).contains("he");
        var path = number.wabaId() + "/message_templates";
        int before = simulator.control().calls(path).size();
        assertThat(language()).contains("he");
        assertThat(simulator.control().calls(path)).hasSize(before);
        receive(clock.instant(), new AccountFact.TemplateComponents(orderUpdate()));
        assertThat(language()).contains("he");
        assertThat(simulator.control().calls(path)).hasSize(before + 1);
    }

    @Test
    void a_queued_template_that_is_paused_meanwhile_is_not_sent_in_that_language() {
        var sent = gesher.accepted(template(tenant, CUSTOMER));
        assertThat(sent.language()).contains("he");
        receive(clock.instant(), status("PAUSED"));
        gesher.with("dispatcher");
        await().untilAsserted(() ->
                assertThat(gesher.message(tenant, sent.message()).status())
                        .isNotEqualTo("pending"));
        assertThat(gesher.message(tenant, sent.message()).templateLanguage())
                .isNotEqualTo(Optional.of("he"));
    }

    @Test
    void quality_and_category_of_templates_are_kept_by_time() {
        var green = new AccountFact.TemplateQuality(orderUpdate(), Optional.of("UNKNOWN"), "GREEN");
        var red = new AccountFact.TemplateQuality(orderUpdate(), Optional.of("GREEN"), "RED");
        receive(now.minusSeconds(60), green);
        receive(now.minusSeconds(30), red);
        receive(now.minusSeconds(45), green);
        receive(now.minusSeconds(60), green);
        assertThat(templates("quality = 'RED'")).isOne();

        var announced =
                new AccountFact.TemplateCategory(
                        orderUpdate(),
                        Optional.empty(),
                        "UTILITY",
                        Optional.of("MARKETING"),
                        Optional.of(now.plus(Duration.ofDays(1))));
        var done =
                new AccountFact.TemplateCategory(
                        orderUpdate(),
                        Optional.of("UTILITY"),
                        "MARKETING",
                        Optional.empty(),
                        Optional.empty());
        receive(now, done);
        receive(now.minusSeconds(60), announced);
        assertThat(templates("category = 'MARKETING' AND announced_category IS NULL")).isOne();
        assertThat(toldTypes())
                .containsExactly(
                        "template.quality_changed",
                        "template.quality_changed",
                        "template.category_changed");
    }

    @Test
    void a_status_that_names_no_template_blanks_no_name() {
        receive(now.minusSeconds(60), status("APPROVED"));
        receive(
                now,
                new AccountFact.TemplateStatus(
                        new AccountFact.Template("17", "", "", Optional.empty()),
                        "PAUSED",
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty()));
        assertThat(templates("name = 'order_update' AND language = 'he' AND status = 'PAUSED'"))
                .isOne();
    }

    private long templates(String condition) {
        return gesher.count(
                "SELECT count(*) FROM whatsapp_templates WHERE tenant_id = ? AND " + condition,
                tenant.value());
    }

    @Test
    void the_history_of_the_app_shows_how_far_it_has_come_or_that_it_will_not() {
        gesher.asAdministrator(
                "UPDATE whatsapp_connections SET contacts_sync = 'requested', history_sync = 'requested', app_sync_until = ? WHERE tenant_id = ?",
                now.plus(Duration.ofHours(23)).atOffset(ZoneOffset.UTC),
                tenant.value());
        receive(now, new AccountFact.HistoryProgress(1, 2, 40));
        receive(now, new AccountFact.HistoryProgress(0, 1, 5));
        assertThat(sync().historyProgress()).contains(40);
        assertThat(sync().history()).isEqualTo(AppSync.State.REQUESTED);
        receive(now.plusSeconds(1), new AccountFact.HistoryProgress(2, 1, 100));
        receive(now.plusSeconds(2), new AccountFact.HistoryProgress(2, 2, 100));
        assertThat(sync().historyProgress()).contains(100);

        receive(
                now.plusSeconds(3),
                new AccountFact.HistoryRefused(
                        new InboundSignal.MetaError(
                                "2593109", Optional.empty(), Optional.empty())));
        assertThat(sync().history()).isEqualTo(AppSync.State.DECLINED);
        assertThat(toldTypes())
                .containsExactly("connection.history_received", "connection.history_refused");
    }

    private AppSync sync() {
        return gesher.bean(Connections.class).appSync(tenant).orElseThrow();
    }

    @Test
    void what_waited_for_the_end_of_a_restriction_goes_when_it_is_lifted_early() {
        receive(
                now,
                restriction("RESTRICTED_BIZ_INITIATED_MESSAGING", now.plus(Duration.ofHours(5))));
        var sent = gesher.accepted(template(tenant, CUSTOMER));
        gesher.with("dispatcher");
        assertThat(gesher.message(tenant, sent.message()).stage()).isEqualTo("deferred");

        receive(now.plusSeconds(1), ban("REINSTATE"));

        await().untilAsserted(() ->
                assertThat(gesher.message(tenant, sent.message()).status()).isEqualTo("sent"));
    }
}
