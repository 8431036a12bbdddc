package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.OTHER_CUSTOMER;
import static dev.gesher.conversation.RunningGesher.expiring;
import static dev.gesher.conversation.RunningGesher.json;
import static dev.gesher.conversation.RunningGesher.text;
import static dev.gesher.conversation.RunningGesher.textOrTemplate;
import static dev.gesher.conversation.RunningGesher.withKey;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.MessageContent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class AcceptingTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;

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
        simulator.control().clearFaults();
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
    }

    private SendAnswer send(SendRequest request) {
        return gesher.messages().send(request);
    }

    private void customerWrites() {
        gesher.customerWrites(tenant, number.phoneNumberId(), CUSTOMER, "שלום");
    }

    @Test
    void a_reply_in_an_open_window_goes_as_it_is() {
        customerWrites();

        var answer = gesher.accepted(text(tenant, "050-234-5678", "שלום דנה"));

        assertThat(answer.route()).isEqualTo(SendAnswer.Route.FREEFORM);
        assertThat(answer.windowExpiresAt())
                .contains(clock.instant().plus(Duration.ofHours(24)).minus(Duration.ofMinutes(5)));
        var message = gesher.message(tenant, answer.message());
        assertThat(message.status()).isEqualTo("pending");
        assertThat(message.stage()).isEqualTo("queued");
        assertThat(message.recipientPhone()).contains(CUSTOMER);
        assertThat(json(message.contentJson().orElseThrow()).at("/text/body").asText())
                .isEqualTo("שלום דנה");
        assertThat(message.expiresAt()).contains(clock.instant().plus(Duration.ofHours(24)));
        assertThat(gesher.eventTypes(tenant))
                .containsExactly(
                        "connection.active",
                        "conversation.window_opened",
                        "message.received",
                        "message.accepted");
    }

    @Test
    void without_a_window_the_template_goes_in_hebrew() {
        var answer = gesher.accepted(textOrTemplate(tenant, CUSTOMER, "שלום דנה"));

        assertThat(answer.route()).isEqualTo(SendAnswer.Route.TEMPLATE);
        assertThat(answer.language()).contains("he");
        var message = gesher.message(tenant, answer.message());
        assertThat(message.templateName()).contains("order_update");
        assertThat(message.templateLanguage()).contains("he");
        assertThat(message.type()).isEqualTo("template");
    }

    @Test
    void a_template_that_is_not_there_in_hebrew_goes_in_the_second_language() {
        var parcel =
                new MessageContent.Template(
                        "parcel_update",
                        Optional.of("iw_IL"),
                        List.of(new MessageContent.Parameter("", "A-17")),
                        Optional.empty());

        var answer =
                gesher.accepted(
                        RunningGesher.request(
                                tenant,
                                CUSTOMER,
                                Optional.of(parcel),
                                Optional.empty(),
                                Routing.TEMPLATE,
                                Optional.empty()));

        assertThat(answer.language()).contains("en_US");
    }

    @Test
    void the_window_ends_five_minutes_early() {
        customerWrites();
        clock.advance(Duration.ofHours(24).minusMinutes(5).minusSeconds(1));
        assertThat(gesher.accepted(text(tenant, CUSTOMER, "א")).route())
                .isEqualTo(SendAnswer.Route.FREEFORM);

        clock.advance(Duration.ofSeconds(1));

        var answer = send(text(tenant, CUSTOMER, "ב"));
        assertThat(answer).isInstanceOf(SendAnswer.Blocked.class);
        assertThat(((SendAnswer.Blocked) answer).reasons()).containsExactly(Reason.WINDOW_CLOSED);
    }

    @Test
    void a_blocked_message_is_kept_with_its_reasons_and_changes_no_conversation() {
        var answer =
                (SendAnswer.Blocked)
                        send(
                                RunningGesher.request(
                                        tenant,
                                        CUSTOMER,
                                        Optional.of(new MessageContent.Text("שלום", false)),
                                        Optional.of(template("summer_sale")),
                                        Routing.AUTO,
                                        Optional.empty()));

        assertThat(answer.reasons())
                .containsExactly(Reason.WINDOW_CLOSED, Reason.TEMPLATE_NOT_APPROVED);
        var message = gesher.message(tenant, answer.message());
        assertThat(message.status()).isEqualTo("blocked");
        assertThat(message.stage()).isEqualTo("done");
        assertThat(message.reasons()).containsExactly("window_closed", "template_not_approved");
        assertThat(message.conversation()).isEmpty();
        assertThat(gesher.conversations().list(tenant, Optional.empty(), 10).data()).isEmpty();
        assertThat(gesher.eventTypes(tenant)).contains("message.blocked");
    }

    private static MessageContent.Template template(String name) {
        return new MessageContent.Template(name, Optional.empty(), List.of(), Optional.empty());
    }

    @Test
    void without_a_connection_a_message_is_blocked_for_that_alone() {
        var stranger = gesher.newTenant();

        var answer = (SendAnswer.Blocked) send(text(stranger, CUSTOMER, "שלום"));

        assertThat(answer.reasons()).containsExactly(Reason.NOT_CONNECTED);
        assertThat(gesher.message(stranger, answer.message()).status()).isEqualTo("blocked");
    }

    @Test
    void when_meta_cannot_be_asked_about_the_template_the_message_waits() {
        simulator.control().addFault(Match.any().path("message_templates"), Effect.httpError(503));

        var answer = gesher.accepted(RunningGesher.template(tenant, CUSTOMER));

        assertThat(answer.reasons()).containsExactly(Reason.TEMPLATE_CATALOGUE_UNAVAILABLE);
        assertThat(answer.notBefore()).contains(clock.instant().plusSeconds(30));
        assertThat(gesher.message(tenant, answer.message()).stage()).isEqualTo("deferred");
    }

    @Test
    void a_wrong_request_keeps_nothing() {
        assertThat(send(text(tenant, "0502345678 דנה", "א")))
                .isEqualTo(new SendAnswer.Invalid("recipient_has_letters", "/to"));
        assertThat(send(withKey(text(tenant, "12", "א"), "k", "a")))
                .isEqualTo(new SendAnswer.Invalid("recipient_too_short", "/to"));
        assertThat(
                        send(
                                RunningGesher.request(
                                        tenant,
                                        CUSTOMER,
                                        Optional.empty(),
                                        Optional.empty(),
                                        Routing.AUTO,
                                        Optional.empty())))
                .isEqualTo(new SendAnswer.Invalid("content_required", "/content"));
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ?",
                                tenant.value()))
                .isZero();
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM idempotency_keys WHERE tenant_id = ?",
                                tenant.value()))
                .isZero();
    }

    @Test
    void an_equal_request_with_the_same_key_gets_the_same_answer() {
        customerWrites();
        var request = withKey(text(tenant, CUSTOMER, "שלום"), "key-1", "body");

        var first = gesher.accepted(request);
        var second = gesher.accepted(request);

        assertThat(second.message()).isEqualTo(first.message());
        assertThat(second.windowExpiresAt()).isEqualTo(first.windowExpiresAt());
        assertThat(first.replayed()).isFalse();
        assertThat(second.replayed()).isTrue();
        assertThat(outbound()).isEqualTo(1);
    }

    @Test
    void a_blocked_answer_is_replayed_too_even_when_it_would_go_now() {
        var request = withKey(text(tenant, CUSTOMER, "שלום"), "key-1", "body");
        var first = (SendAnswer.Blocked) send(request);
        customerWrites();

        assertThat(send(request))
                .isEqualTo(new SendAnswer.Blocked(first.message(), first.reasons(), true));
    }

    @Test
    void an_answer_is_replayed_though_the_message_has_expired_meanwhile() {
        customerWrites();
        var request =
                withKey(
                        expiring(
                                text(tenant, CUSTOMER, "שלום"),
                                clock.instant().plus(Duration.ofMinutes(5))),
                        "key-1",
                        "body");
        var first = gesher.accepted(request);
        clock.advance(Duration.ofMinutes(6));

        var second = gesher.accepted(request);

        assertThat(second.message()).isEqualTo(first.message());
        assertThat(second.replayed()).isTrue();
        assertThat(outbound()).isEqualTo(1);
    }

    @Test
    void what_has_expired_already_is_not_taken() {
        var request = expiring(text(tenant, CUSTOMER, "שלום"), clock.instant());

        assertThat(send(withKey(request, "key-1", "body")))
                .isEqualTo(new SendAnswer.Invalid("expires_at_past", "/expires_at"));
        assertThat(gesher.messages().precheck(request))
                .isEqualTo(new Messages.Precheck.Invalid("expires_at_past", "/expires_at"));
        assertThat(outbound()).isZero();
    }

    @Test
    void a_key_is_not_taken_for_another_request() {
        customerWrites();
        gesher.accepted(withKey(text(tenant, CUSTOMER, "שלום"), "key-1", "body"));

        assertThat(send(withKey(text(tenant, CUSTOMER, "להתראות"), "key-1", "other")))
                .isEqualTo(new SendAnswer.KeyReused());
        assertThat(outbound()).isEqualTo(1);
    }

    @Test
    void a_key_is_free_again_after_a_day() {
        customerWrites();
        var request = withKey(text(tenant, CUSTOMER, "שלום"), "key-1", "body");
        var first = gesher.accepted(request);
        clock.advance(Duration.ofHours(24));
        customerWrites();

        var second = gesher.accepted(request);

        assertThat(second.replayed()).isFalse();
        assertThat(second.message()).isNotEqualTo(first.message());
        assertThat(gesher.accepted(request).message()).isEqualTo(second.message());
    }

    @Test
    void equal_keys_at_the_same_moment_make_one_message() throws Exception {
        customerWrites();
        var calls = new ArrayList<Callable<SendAnswer>>();
        for (int i = 0; i < 40; i++) {
            var body = i % 10 == 9 ? "other" : "body";
            calls.add(() -> send(withKey(text(tenant, CUSTOMER, body), "key-1", body)));
        }
        var answers = new ArrayList<SendAnswer>();
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var future : threads.invokeAll(calls)) {
                answers.add(future.get());
            }
        }

        assertThat(outbound()).isEqualTo(1);
        var accepted =
                answers.stream()
                        .filter(SendAnswer.Accepted.class::isInstance)
                        .map(SendAnswer.Accepted.class::cast)
                        .toList();
        assertThat(accepted.stream().map(SendAnswer.Accepted::message).distinct()).hasSize(1);
        assertThat(accepted.stream().filter(answer -> !answer.replayed())).hasSize(1);
        assertThat(accepted.size() + reused(answers)).isEqualTo(40);
        assertThat(accepted.size()).isIn(36, 4);
    }

    @Test
    void equal_keys_at_the_same_moment_are_refused_alike_if_the_request_is_wrong()
            throws Exception {
        var calls = new ArrayList<Callable<SendAnswer>>();
        for (int i = 0; i < 40; i++) {
            calls.add(() -> send(withKey(text(tenant, "12", "א"), "key-1", "body")));
        }

        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var future : threads.invokeAll(calls)) {
                assertThat(future.get())
                        .isEqualTo(new SendAnswer.Invalid("recipient_too_short", "/to"));
            }
        }
    }

    private static long reused(List<SendAnswer> answers) {
        return answers.stream().filter(SendAnswer.KeyReused.class::isInstance).count();
    }

    @Test
    void many_requests_at_once_make_one_contact_and_numbers_without_gaps() throws Exception {
        var calls = new ArrayList<Callable<SendAnswer>>();
        for (int i = 0; i < 60; i++) {
            var to = i % 2 == 0 ? CUSTOMER : OTHER_CUSTOMER;
            calls.add(() -> send(RunningGesher.template(tenant, to)));
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var future : threads.invokeAll(calls)) {
                assertThat(future.get()).isInstanceOf(SendAnswer.Accepted.class);
            }
        }

        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM contacts WHERE tenant_id = ?",
                                tenant.value()))
                .isEqualTo(2);
        var conversations = gesher.conversations().list(tenant, Optional.empty(), 10).data();
        assertThat(conversations)
                .extracting(ConversationView::messageCount)
                .containsExactly(30L, 30L);
        var events = gesher.events(tenant);
        assertThat(events)
                .extracting(Events.Event::tenantSeq)
                .containsExactlyElementsOf(
                        java.util.stream.LongStream.rangeClosed(1, 61).boxed().toList());
        for (var conversation : conversations) {
            assertThat(
                            events.stream()
                                    .filter(e ->
                                            e.conversation().equals(Optional.of(conversation.id())))
                                    .map(e -> e.conversationSeq().orElseThrow()))
                    .containsExactlyElementsOf(
                            java.util.stream.LongStream.rangeClosed(1, 30).boxed().toList());
        }
    }

    @Test
    void tenants_do_not_see_each_other() {
        customerWrites();
        var mine = gesher.accepted(withKey(text(tenant, CUSTOMER, "שלום"), "key-1", "body"));
        var otherNumber = SimulatedNumber.of(simulator, "+972 3-555-0102");
        var other = gesher.connectedTenant(simulator, otherNumber);

        assertThat(gesher.messages().find(other, mine.message())).isEmpty();
        assertThat(gesher.conversations().find(other, mine.conversation())).isEmpty();
        assertThat(
                        gesher.conversations()
                                .messages(other, mine.conversation(), Optional.empty(), 10))
                .isEmpty();
        assertThat(gesher.conversations().list(other, Optional.empty(), 10).data()).isEmpty();
        assertThat(gesher.eventTypes(other)).containsExactly("connection.active");
        // The same customer has no window with the other business, and the key is its own.
        assertThat(send(withKey(text(other, CUSTOMER, "שלום"), "key-1", "body")))
                .isInstanceOf(SendAnswer.Blocked.class);
    }

    @Test
    void a_precheck_says_what_a_send_would_and_changes_nothing() {
        assertThat(gesher.messages().precheck(textOrTemplate(tenant, CUSTOMER, "א")))
                .isEqualTo(
                        new Messages.Precheck.Decided(new Decision.Template("order_update", "he")));
        assertThat(gesher.messages().precheck(text(tenant, "12", "א")))
                .isEqualTo(new Messages.Precheck.Invalid("recipient_too_short", "/to"));
        assertThat(outbound()).isZero();
        assertThat(gesher.conversations().list(tenant, Optional.empty(), 10).data()).isEmpty();
    }

    @Test
    void what_is_stored_of_a_message_does_not_show_its_content() {
        customerWrites();
        var answer = gesher.accepted(withKey(text(tenant, CUSTOMER, "סודי ביותר"), "k", "b"));

        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM whatsapp_messages m WHERE message_id = ? AND"
                                        + " (position('סודי'::bytea in content) > 0 OR"
                                        + " decision::text LIKE '%סודי%' OR decision::text LIKE"
                                        + " '%50234%')",
                                answer.message().value()))
                .isZero();
    }

    private long outbound() {
        return gesher.count(
                "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ? AND direction ="
                        + " 'outbound'",
                tenant.value());
    }
}
