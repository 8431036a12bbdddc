package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.OTHER_CUSTOMER;
import static dev.gesher.conversation.RunningGesher.expiring;
import static dev.gesher.conversation.RunningGesher.status;
import static dev.gesher.conversation.RunningGesher.template;
import static dev.gesher.conversation.RunningGesher.text;
import static dev.gesher.conversation.RunningGesher.textOrTemplate;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.Message;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.Connections;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.MessageContent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;

/** The dispatcher against a simulated Meta over HTTP. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class SendingTest {
    private static final Match SENDS = Match.any().path("POST .*/messages$");

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator).with("dispatcher");
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
        customerWrites(CUSTOMER);
    }

    private void customerWrites(String from) {
        simulator.control().customerWrites(number.phoneNumberId(), from, "שלום");
        gesher.customerWrites(tenant, number.phoneNumberId(), from, "שלום");
    }

    private MessageView message(SendAnswer.Accepted answer) {
        return gesher.message(tenant, answer.message());
    }

    private void awaitStage(SendAnswer.Accepted answer, String stage) {
        await().atMost(Duration.ofSeconds(15)).until(() -> message(answer).stage().equals(stage));
    }

    private void awaitStatus(SendAnswer.Accepted answer, String status) {
        await().atMost(Duration.ofSeconds(15)).until(() -> message(answer).status().equals(status));
    }

    private List<Message.View> received() {
        return simulator.control().sentMessages().stream()
                .filter(view -> view.phoneNumberId().equals(number.phoneNumberId()))
                .toList();
    }

    @Test
    void a_reply_reaches_meta_with_our_id_and_is_sent() {
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום דנה"));
        awaitStatus(answer, "sent");

        var message = message(answer);
        assertThat(message.stage()).isEqualTo("done");
        assertThat(message.sentAt()).contains(clock.instant());
        assertThat(message.attempts()).hasSize(1);
        assertThat(message.attempts().getFirst().outcome()).contains("accepted");
        assertThat(received()).hasSize(1);
        var arrived = received().getFirst();
        assertThat(arrived.text()).isEqualTo("שלום דנה");
        assertThat(message.waMessageId()).contains(arrived.wamid());
        assertThat(arrived.bizOpaqueCallbackData()).isEqualTo(answer.message() + ".1");
        assertThat(gesher.eventTypes(tenant)).endsWith("message.accepted", "message.sent");
    }

    @Test
    void without_a_window_the_hebrew_template_reaches_meta() {
        var answer = gesher.accepted(textOrTemplate(tenant, OTHER_CUSTOMER, "שלום"));
        awaitStatus(answer, "sent");

        assertThat(received().getFirst().type()).isEqualTo("template");
        assertThat(received().getFirst().text()).contains("הזמנה A-17");
    }

    @Test
    void messages_to_one_person_go_one_after_the_other_in_their_order() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(3), Effect.delay(100));
        customerWrites(OTHER_CUSTOMER);
        var answers = new ArrayList<SendAnswer.Accepted>();
        for (int i = 0; i < 6; i++) {
            answers.add(gesher.accepted(text(tenant, CUSTOMER, "א" + i)));
            answers.add(gesher.accepted(text(tenant, OTHER_CUSTOMER, "ב" + i)));
        }
        answers.forEach(answer -> awaitStatus(answer, "sent"));

        assertThat(
                        received().stream()
                                .filter(m -> m.text().startsWith("א"))
                                .map(Message.View::text))
                .containsExactly("א0", "א1", "א2", "א3", "א4", "א5");
        assertThat(
                        received().stream()
                                .filter(m -> m.text().startsWith("ב"))
                                .map(Message.View::text))
                .containsExactly("ב0", "ב1", "ב2", "ב3", "ב4", "ב5");
        assertThat(
                        gesher.count(
                                """
                                SELECT count(*) FROM whatsapp_message_attempts a
                                JOIN whatsapp_messages m USING (tenant_id, message_id)
                                JOIN whatsapp_messages n ON n.tenant_id = m.tenant_id AND n.contact_id = m.contact_id AND n.seq > m.seq
                                JOIN whatsapp_message_attempts b ON b.tenant_id = n.tenant_id AND b.message_id = n.message_id
                                WHERE m.tenant_id = ? AND b.started_at < a.finished_at
                                """,
                                tenant.value()))
                .isZero();
    }

    @Test
    void a_refusal_that_passes_is_tried_again_and_keeps_its_place() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        var first = gesher.accepted(text(tenant, CUSTOMER, "ראשון"));
        var second = gesher.accepted(text(tenant, CUSTOMER, "שני"));
        await().until(() -> !message(first).attempts().isEmpty());
        await().until(() -> message(first).attempts().getFirst().outcome().isPresent());

        assertThat(message(first).stage()).isEqualTo("queued");
        assertThat(message(first).attempts().getFirst().outcome()).contains("retry");
        assertThat(message(first).attempts().getFirst().errorCode()).contains("131056");
        assertThat(message(first).notBefore().orElseThrow())
                .isBetween(clock.instant().plusSeconds(1), clock.instant().plusMillis(1200));
        assertThat(message(second).attempts()).isEmpty();
        clock.advance(Duration.ofSeconds(2));

        awaitStatus(first, "sent");
        awaitStatus(second, "sent");
        assertThat(received().stream().map(Message.View::text)).containsExactly("ראשון", "שני");
    }

    @Test
    void attempts_are_bounded() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER), Effect.refuse(131056));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().atMost(Duration.ofSeconds(40))
                .until(() -> {
                    clock.advance(Duration.ofMinutes(1));
                    gesher.bean(Wakeups.class).wake("dispatch");
                    return message(answer).stage().equals("done");
                });

        assertThat(message(answer).status()).isEqualTo("failed");
        assertThat(message(answer).errorCode()).contains("131056");
        assertThat(message(answer).attempts()).hasSize(8);
        assertThat(received()).isEmpty();
    }

    @Test
    void a_refusal_for_good_fails_with_metas_code() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER), Effect.refuse(131026));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        awaitStatus(answer, "failed");

        assertThat(message(answer).errorCode()).contains("131026");
        assertThat(message(answer).failedAt()).isPresent();
        assertThat(gesher.eventTypes(tenant)).endsWith("message.failed");
    }

    @Test
    void when_meta_says_the_window_is_closed_the_template_goes_and_the_window_closes() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131047));
        clock.advance(Duration.ofSeconds(2));
        var answer = gesher.accepted(textOrTemplate(tenant, CUSTOMER, "שלום"));
        assertThat(answer.route()).isEqualTo(SendAnswer.Route.FREEFORM);
        awaitStatus(answer, "sent");

        assertThat(message(answer).route()).contains(SendAnswer.Route.TEMPLATE);
        assertThat(message(answer).attempts())
                .extracting(a -> a.outcome().orElseThrow())
                .containsExactly("window_closed", "accepted");
        assertThat(received()).extracting(Message.View::type).containsExactly("template");
        assertThat(
                        gesher.conversations()
                                .find(tenant, answer.conversation())
                                .orElseThrow()
                                .windowOpen())
                .isFalse();
        assertThat(gesher.messages().send(text(tenant, CUSTOMER, "שוב")))
                .isInstanceOf(SendAnswer.Blocked.class);
    }

    @Test
    void a_closed_window_without_a_template_fails() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131047));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        awaitStatus(answer, "failed");

        assertThat(message(answer).errorCode()).contains("window_closed");
    }

    @Test
    void a_status_that_says_the_window_was_closed_leads_to_the_template_too() {
        clock.advance(Duration.ofSeconds(2));
        var answer = gesher.accepted(textOrTemplate(tenant, CUSTOMER, "שלום"));
        awaitStatus(answer, "sent");
        var closed =
                RunningGesher.status(
                        message(answer).waMessageId().orElseThrow(),
                        InboundSignal.Status.FAILED,
                        clock.instant(),
                        Optional.of(answer.message() + ".1"),
                        Optional.of("131047"));

        gesher.receive(tenant, number.phoneNumberId(), closed);
        await().until(() -> received().size() == 2);
        awaitStage(answer, "done");
        // Meta repeats itself; the template is not sent again.
        gesher.receive(tenant, number.phoneNumberId(), closed);

        assertThat(message(answer).status()).isEqualTo("sent");
        assertThat(message(answer).attempts()).hasSize(2);
        assertThat(received()).extracting(Message.View::type).containsExactly("text", "template");
    }

    @Test
    void a_lost_answer_settles_by_the_status_that_carries_our_id() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.drop(Drop.AFTER));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        awaitStage(answer, "settling");
        assertThat(message(answer).status()).isEqualTo("pending");
        assertThat(received()).hasSize(1);

        gesher.receive(
                tenant,
                number.phoneNumberId(),
                RunningGesher.status(
                        received().getFirst().wamid(),
                        InboundSignal.Status.DELIVERED,
                        clock.instant(),
                        Optional.of(answer.message() + ".1"),
                        Optional.empty()));

        assertThat(message(answer).stage()).isEqualTo("done");
        assertThat(message(answer).status()).isEqualTo("delivered");
        assertThat(message(answer).waMessageId()).contains(received().getFirst().wamid());
        clock.advance(Duration.ofMinutes(15));
        gesher.settle(tenant, answer.message());
        assertThat(message(answer).status()).isEqualTo("delivered");
        assertThat(received()).hasSize(1);
    }

    @Test
    void an_unknown_outcome_fails_after_fifteen_minutes_and_is_corrected_by_a_late_delivery() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.drop(Drop.AFTER));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        awaitStage(answer, "settling");
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM timers WHERE kind = 'message.settle' AND"
                                        + " object_id = ?",
                                answer.message().value()))
                .isEqualTo(1);

        clock.advance(Duration.ofMinutes(15).minusSeconds(1));
        gesher.settle(tenant, answer.message());
        assertThat(message(answer).stage()).isEqualTo("settling");
        clock.advance(Duration.ofSeconds(1));
        gesher.settle(tenant, answer.message());

        assertThat(message(answer).status()).isEqualTo("failed");
        assertThat(message(answer).errorCode()).contains("outcome_unknown");
        gesher.receive(
                tenant,
                number.phoneNumberId(),
                status(answer.message(), 1, InboundSignal.Status.DELIVERED, clock.instant()));
        assertThat(message(answer).status()).isEqualTo("delivered");
        assertThat(message(answer).errorCode()).isEmpty();
        assertThat(gesher.eventTypes(tenant)).endsWith("message.failed", "message.corrected");
    }

    @Test
    void a_tenant_may_have_unknown_messages_sent_once_more() {
        gesher.asAdministrator(
                "UPDATE tenants SET on_unknown = 'resend' WHERE tenant_id = ?", tenant.value());
        simulator.control().addFault(SENDS.recipient(CUSTOMER), Effect.drop(Drop.BEFORE));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        awaitStage(answer, "settling");
        clock.advance(Duration.ofMinutes(15));
        gesher.settle(tenant, answer.message());
        await().until(() -> message(answer).attempts().size() == 2);
        awaitStage(answer, "settling");
        clock.advance(Duration.ofMinutes(15));
        gesher.settle(tenant, answer.message());

        assertThat(message(answer).status()).isEqualTo("failed");
        assertThat(message(answer).errorCode()).contains("outcome_unknown");
        assertThat(message(answer).attempts()).hasSize(2);
    }

    @Test
    void a_status_may_come_before_the_answer() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.delay(1800));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().pollInterval(Duration.ofMillis(10))
                .until(() -> message(answer).stage().equals("sending"));

        gesher.receive(
                tenant,
                number.phoneNumberId(),
                status(answer.message(), 1, InboundSignal.Status.DELIVERED, clock.instant()));
        assertThat(message(answer).stage()).isEqualTo("done");
        await().until(() -> message(answer).attempts().getFirst().outcome().isPresent());

        assertThat(message(answer).attempts().getFirst().outcome()).contains("accepted");
        assertThat(message(answer).status()).isEqualTo("delivered");
        assertThat(gesher.eventTypes(tenant))
                .containsOnlyOnce("message.delivered")
                .doesNotContain("message.sent");
    }

    @Test
    void what_is_past_its_time_is_not_sent() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        var answer =
                gesher.accepted(
                        RunningGesher.expiring(
                                text(tenant, CUSTOMER, "שלום"), clock.instant().plusMillis(500)));
        await().until(() -> !message(answer).attempts().isEmpty());
        clock.advance(Duration.ofSeconds(5));
        awaitStatus(answer, "failed");

        assertThat(message(answer).errorCode()).contains("expired");
        assertThat(received()).isEmpty();
    }

    @Test
    void a_window_that_closed_meanwhile_is_noticed_before_the_call() {
        clock.advance(Duration.ofHours(23));
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        var answer = gesher.accepted(textOrTemplate(tenant, CUSTOMER, "שלום"));
        assertThat(answer.route()).isEqualTo(SendAnswer.Route.FREEFORM);
        await().until(() -> !message(answer).attempts().isEmpty());
        await().until(() -> message(answer).attempts().getFirst().outcome().isPresent());
        clock.advance(Duration.ofHours(1));
        awaitStatus(answer, "sent");

        assertThat(received()).extracting(Message.View::type).containsExactly("template");
    }

    @Test
    void a_revoked_token_parks_the_lane_until_the_tenant_connects_again() {
        simulator.control().revokeTokensOf(number.wabaId());
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().atMost(Duration.ofSeconds(15)).until(() -> parked() == 1);
        await().until(() -> message(answer).stage().equals("queued"));

        assertThat(message(answer).status()).isEqualTo("pending");
        assertThat(gesher.bean(Connections.class).find(tenant).orElseThrow().cause())
                .contains("token_invalid");
        assertThat(gesher.eventTypes(tenant)).endsWith("connection.invalid");
        assertThat(gesher.messages().send(text(tenant, CUSTOMER, "עוד")))
                .isInstanceOfSatisfying(
                        SendAnswer.Blocked.class,
                        blocked ->
                                assertThat(blocked.reasons())
                                        .containsExactly(Reason.CONNECTION_INVALID));
        int tries = message(answer).attempts().size();

        gesher.connect(tenant, simulator, number);
        awaitStatus(answer, "sent");

        assertThat(message(answer).attempts()).hasSize(tries + 1);
        assertThat(received()).hasSize(1);
    }

    private long parked() {
        return gesher.count(
                "SELECT count(*) FROM lanes WHERE phone_number_id = ? AND parked_cause IS NOT NULL",
                number.phoneNumberId());
    }

    @Test
    void what_waited_on_a_parked_lane_is_judged_once_more_when_it_is_free() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        var later = clock.instant().plus(Duration.ofDays(2));
        var late = gesher.accepted(text(tenant, CUSTOMER, "ראשון"));
        var freeForm = gesher.accepted(expiring(text(tenant, CUSTOMER, "שני"), later));
        var either = gesher.accepted(expiring(textOrTemplate(tenant, CUSTOMER, "שלישי"), later));
        assertThat(either.route()).isEqualTo(SendAnswer.Route.FREEFORM);
        await().until(() -> !message(late).attempts().isEmpty());
        await().until(() -> message(late).attempts().getFirst().outcome().isPresent());
        simulator.control().revokeTokensOf(number.wabaId());
        clock.advance(Duration.ofHours(1));
        await().atMost(Duration.ofSeconds(15)).until(() -> parked() == 1);
        // Meanwhile the window closes, and the first is too old.
        clock.advance(Duration.ofDays(1));

        gesher.connect(tenant, simulator, number);

        awaitStatus(either, "sent");
        awaitStage(late, "done");
        awaitStage(freeForm, "done");
        assertThat(message(late).errorCode()).contains("expired");
        assertThat(message(freeForm).status()).isEqualTo("blocked");
        assertThat(received()).extracting(Message.View::type).containsExactly("template");
    }

    @Test
    void a_parked_message_expires_in_its_time() {
        simulator.control().revokeTokensOf(number.wabaId());
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().atMost(Duration.ofSeconds(15)).until(() -> parked() == 1);
        clock.advance(Duration.ofHours(25));

        awaitStatus(answer, "failed");
        assertThat(message(answer).errorCode()).contains("expired");
    }

    @Test
    void another_number_closes_windows_and_fails_what_waits_for_the_old_one() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        var waiting = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> !message(waiting).attempts().isEmpty());
        await().until(() -> message(waiting).attempts().getFirst().outcome().isPresent());
        var another = SimulatedNumber.of(simulator, "+972 3-555-0109");

        gesher.connect(tenant, simulator, another);

        assertThat(message(waiting).status()).isEqualTo("failed");
        assertThat(message(waiting).errorCode()).contains("connection_changed");
        assertThat(gesher.eventTypes(tenant))
                .containsSubsequence(
                        "conversation.window_closed", "message.failed", "connection.active");
        assertThat(gesher.messages().send(text(tenant, CUSTOMER, "שלום")))
                .isInstanceOf(SendAnswer.Blocked.class);
        var answer = gesher.accepted(template(tenant, CUSTOMER));
        awaitStatus(answer, "sent");
        assertThat(simulator.control().sentTo(CUSTOMER).stream().map(Message.View::phoneNumberId))
                .contains(another.phoneNumberId());
    }

    @Test
    void leaving_fails_what_waits() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        var waiting = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> !message(waiting).attempts().isEmpty());
        await().until(() -> message(waiting).attempts().getFirst().outcome().isPresent());

        gesher.disconnect(tenant, number);

        assertThat(message(waiting).errorCode()).contains("connection_left");
        assertThat(gesher.eventTypes(tenant)).contains("connection.disconnected");
    }

    @Test
    void a_template_that_could_not_be_judged_goes_once_meta_answers() {
        simulator.control().addFault(Match.any().path("message_templates"), Effect.httpError(503));
        var answer = gesher.accepted(template(tenant, CUSTOMER));
        assertThat(message(answer).stage()).isEqualTo("deferred");
        simulator.control().clearFaults();
        clock.advance(Duration.ofSeconds(31));

        awaitStatus(answer, "sent");
        assertThat(received()).extracting(Message.View::type).containsExactly("template");
    }

    private SendRequest loginCode(String to, Optional<MessageContent> content) {
        simulator
                .control()
                .putTemplate(
                        number.wabaId(),
                        (ObjectNode)
                                RunningGesher.json(
                                        """
                                        {"name":"login_code","language":"he","category":"AUTHENTICATION","status":"APPROVED",
                                         "parameter_format":"POSITIONAL","components":[{"type":"BODY","text":"הקוד שלך הוא {{1}}."}]}
                                        """));
        var template =
                new MessageContent.Template(
                        "login_code",
                        Optional.empty(),
                        List.of(new MessageContent.Parameter("", "123456")),
                        Optional.empty());
        return RunningGesher.request(
                tenant,
                to,
                content,
                Optional.of(template),
                SendRequest.Routing.AUTO,
                Optional.empty());
    }

    @Test
    void a_login_code_that_could_not_be_judged_does_not_go_out_hours_later() {
        simulator.control().addFault(Match.any().path("message_templates"), Effect.httpError(503));
        var answer = gesher.accepted(loginCode(CUSTOMER, Optional.empty()));
        assertThat(message(answer).stage()).isEqualTo("deferred");
        simulator.control().clearFaults();
        clock.advance(Duration.ofMinutes(10));

        awaitStage(answer, "done");
        assertThat(message(answer).errorCode()).contains("expired");
        assertThat(received()).isEmpty();
    }

    @Test
    void a_login_code_that_goes_instead_of_a_reply_has_a_login_codes_time() {
        var reply = Optional.<MessageContent>of(new MessageContent.Text("שלום", false));

        assertThat(message(gesher.accepted(loginCode(CUSTOMER, reply))).expiresAt())
                .contains(clock.instant().plus(Duration.ofHours(24)));
        assertThat(message(gesher.accepted(loginCode(OTHER_CUSTOMER, reply))).expiresAt())
                .contains(clock.instant().plus(Duration.ofMinutes(10)));
    }

    @Test
    void a_message_that_cannot_be_read_holds_up_nobody() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.refuse(131056));
        customerWrites(OTHER_CUSTOMER);
        var broken = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        await().until(() -> !message(broken).attempts().isEmpty());
        await().until(() -> message(broken).attempts().getFirst().outcome().isPresent());
        gesher.asAdministrator(
                "UPDATE whatsapp_messages m SET content = (SELECT o.content FROM whatsapp_messages o"
                        + " WHERE o.tenant_id = m.tenant_id AND o.direction = 'inbound' LIMIT 1)"
                        + " WHERE m.message_id = ?",
                broken.message().value());
        clock.advance(Duration.ofSeconds(2));
        var next = gesher.accepted(text(tenant, OTHER_CUSTOMER, "שלום"));

        awaitStatus(next, "sent");
        await().until(() ->
                gesher.count(
                                "SELECT count(*) FROM whatsapp_messages WHERE"
                                        + " message_id = ? AND error_code ="
                                        + " 'internal_error'",
                                broken.message().value())
                        == 1);
    }

    @Test
    void a_call_of_a_number_that_went_to_another_tenant_ends_as_unknown() {
        simulator.control().addFault(SENDS.recipient(CUSTOMER).times(1), Effect.delay(1500));
        var answer = gesher.accepted(text(tenant, CUSTOMER, "שלום"));
        awaitStage(answer, "sending");

        gesher.disconnect(tenant, number);
        gesher.connectedTenant(simulator, number);
        await().until(() -> received().size() == 1);
        clock.advance(Duration.ofMinutes(1));
        gesher.settle(tenant, answer.message());
        assertThat(message(answer).stage()).isEqualTo("settling");
        clock.advance(Duration.ofMinutes(15));
        gesher.settle(tenant, answer.message());

        assertThat(message(answer).errorCode()).contains("outcome_unknown");
    }
}
