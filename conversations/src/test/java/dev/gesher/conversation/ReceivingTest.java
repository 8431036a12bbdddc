package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.OTHER_CUSTOMER;
import static dev.gesher.conversation.RunningGesher.inbound;
import static dev.gesher.conversation.RunningGesher.json;
import static dev.gesher.conversation.RunningGesher.status;
import static dev.gesher.conversation.RunningGesher.template;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundListener;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What webhooks tell, applied. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class ReceivingTest {
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

    private void receive(InboundSignal... signals) {
        gesher.receive(tenant, number.phoneNumberId(), signals);
    }

    private ConversationView only() {
        var all = gesher.conversations().list(tenant, Optional.empty(), 10).data();
        assertThat(all).hasSize(1);
        return all.getFirst();
    }

    private List<MessageView> messages() {
        return gesher.conversations()
                .messages(tenant, only().id(), Optional.empty(), 100)
                .orElseThrow()
                .data();
    }

    @Test
    void a_message_makes_a_conversation_with_a_window_by_metas_time() {
        receive(inbound("wamid.1", CUSTOMER, now.minusSeconds(30), "שלום לכם"));

        var conversation = only();
        assertThat(conversation.customerPhone()).contains(CUSTOMER);
        assertThat(conversation.customerName()).contains("דנה");
        assertThat(conversation.windowOpen()).isTrue();
        assertThat(conversation.windowOpenedAt()).contains(now.minusSeconds(30));
        assertThat(conversation.windowExpiresAt())
                .contains(now.minusSeconds(30).plus(Duration.ofHours(24)));
        assertThat(conversation.lastMessageAt()).contains(now.minusSeconds(30));
        assertThat(conversation.messageCount()).isEqualTo(1);
        var message = messages().getFirst();
        assertThat(message.direction()).isEqualTo(MessageView.Direction.INBOUND);
        assertThat(message.status()).isEqualTo("received");
        assertThat(message.senderPhone()).contains(CUSTOMER);
        assertThat(json(message.contentJson().orElseThrow()).at("/text/body").asText())
                .isEqualTo("שלום לכם");
        var event = gesher.events(tenant).getLast();
        assertThat(event.type()).isEqualTo("message.received");
        assertThat(json(event.dataJson()).at("/content/text/body").asText()).isEqualTo("שלום לכם");
        assertThat(json(event.dataJson()).at("/sender_name").asText()).isEqualTo("דנה");
    }

    @Test
    void a_message_that_comes_again_changes_nothing() {
        var message = inbound("wamid.1", CUSTOMER, now, "שלום");
        receive(message, message);
        var before = only();
        int events = gesher.events(tenant).size();

        receive(message);
        receive(inbound("wamid.1", CUSTOMER, now.plusSeconds(60), "אחר"));

        assertThat(only()).isEqualTo(before);
        assertThat(messages()).hasSize(1);
        assertThat(gesher.events(tenant)).hasSize(events);
    }

    @Test
    void an_older_message_does_not_shorten_the_window() {
        receive(inbound("wamid.2", CUSTOMER, now, "שני"));
        receive(inbound("wamid.1", CUSTOMER, now.minusSeconds(600), "ראשון"));

        assertThat(only().windowOpenedAt()).contains(now);
        assertThat(only().lastMessageAt()).contains(now);
        assertThat(only().messageCount()).isEqualTo(2);
    }

    @Test
    void an_old_message_opens_no_window_and_tells_of_none() {
        receive(inbound("wamid.1", CUSTOMER, now.minus(Duration.ofDays(2)), "ישן"));

        assertThat(only().windowOpen()).isFalse();
        assertThat(gesher.eventTypes(tenant))
                .containsExactly("connection.active", "message.received");
    }

    @Test
    void what_opens_no_window_at_meta_opens_none_here() {
        receive(
                RunningGesher.inbound(
                        "wamid.1",
                        InboundSignal.Person.of(
                                Optional.of(new PhoneNumber(CUSTOMER)), Optional.empty()),
                        now,
                        "system",
                        "{\"type\":\"system\"}",
                        false));

        assertThat(only().windowOpenedAt()).isEmpty();
        assertThat(messages().getFirst().type()).isEqualTo("system");
    }

    private InboundSignal.Message from(
            String wamid, Optional<String> phone, Optional<String> userId) {
        return RunningGesher.inbound(
                wamid,
                InboundSignal.Person.of(phone.map(PhoneNumber::new), userId),
                now,
                "text",
                "{}",
                true);
    }

    @Test
    void a_customer_is_one_by_number_and_by_user_id() {
        receive(from("wamid.1", Optional.empty(), Optional.of("IL.42")));
        receive(from("wamid.2", Optional.of(CUSTOMER), Optional.of("IL.42")));
        receive(from("wamid.3", Optional.of(CUSTOMER), Optional.empty()));

        assertThat(only().customerPhone()).contains(CUSTOMER);
        assertThat(only().customerUserId()).contains("IL.42");
        assertThat(only().messageCount()).isEqualTo(3);
        assertThat(gesher.accepted(text(tenant, "IL.42", "שלום")).conversation())
                .isEqualTo(only().id());
    }

    @Test
    void customers_first_met_in_one_batch_are_told_apart_and_joined() {
        receive(
                from("wamid.1", Optional.of(CUSTOMER), Optional.empty()),
                from("wamid.2", Optional.of(CUSTOMER), Optional.of("IL.42")),
                from("wamid.3", Optional.empty(), Optional.of("IL.42")),
                from("wamid.4", Optional.of(OTHER_CUSTOMER), Optional.of("IL.43")));

        var all = gesher.conversations().list(tenant, Optional.empty(), 10).data();
        assertThat(all)
                .extracting(ConversationView::messageCount)
                .containsExactlyInAnyOrder(3L, 1L);
    }

    @Test
    void one_batch_serves_several_tenants() {
        var otherNumber = SimulatedNumber.of(simulator, "+972 3-555-0102");
        var other = gesher.connectedTenant(simulator, otherNumber);
        var signals =
                List.of(
                        new Received(
                                tenant,
                                number.phoneNumberId(),
                                inbound("wamid.same", CUSTOMER, now, "לראשון"),
                                "c"),
                        new Received(
                                other,
                                otherNumber.phoneNumberId(),
                                inbound("wamid.same", CUSTOMER, now, "לשני"),
                                "c"));
        gesher.bean(TenantScope.class)
                .in(
                        List.of(tenant, other),
                        tx -> {
                            gesher.bean(InboundListener.class).apply(tx, signals);
                            return true;
                        });

        assertThat(messages().getFirst().contentJson().orElseThrow()).contains("לראשון");
        var theirs = gesher.conversations().list(other, Optional.empty(), 10).data().getFirst();
        assertThat(theirs.id()).isNotEqualTo(only().id());
        assertThat(gesher.eventTypes(other)).containsOnlyOnce("message.received");
    }

    private SendAnswer.Accepted sentMessage() {
        var answer = gesher.accepted(template(tenant, CUSTOMER));
        gesher.in(
                tenant,
                tx -> {
                    tx.update(
                            """
                            INSERT INTO whatsapp_message_attempts (tenant_id, message_id, attempt, lease_token, route,
                                started_at, finished_at, outcome, wa_message_id)
                            VALUES (?, ?, 1, 1, 'template', ?, ?, 'accepted', ?)
                            """,
                            tenant,
                            answer.message().value(),
                            now,
                            now,
                            "wamid." + answer.message() + ".1");
                    tx.update(
                            """
                            UPDATE whatsapp_messages SET stage = 'done', status = 'sent', attempt = 1, sent_at = ?, wa_message_id = ?
                            WHERE tenant_id = ? AND message_id = ?
                            """,
                            now,
                            "wamid." + answer.message() + ".1",
                            tenant,
                            answer.message().value());
                });
        return answer;
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void statuses_in_any_order_and_number_end_the_same(long seed) {
        var id = sentMessage().message();
        var signals = new ArrayList<InboundSignal>();
        signals.add(status(id, 1, InboundSignal.Status.SENT, now.plusSeconds(1)));
        signals.add(status(id, 1, InboundSignal.Status.DELIVERED, now.plusSeconds(2)));
        signals.add(status(id, 1, InboundSignal.Status.FAILED, now.plusSeconds(3)));
        signals.add(status(id, 1, InboundSignal.Status.READ, now.plusSeconds(4)));
        signals.addAll(List.copyOf(signals));
        Collections.shuffle(signals, new Random(seed));

        receive(signals.subList(0, 3).toArray(InboundSignal[]::new));
        for (var signal : signals.subList(3, signals.size())) {
            receive(signal);
        }

        var message = gesher.message(tenant, id);
        assertThat(message.status()).isEqualTo("read");
        assertThat(message.sentAt()).contains(now);
        assertThat(message.deliveredAt()).contains(now.plusSeconds(2));
        assertThat(message.readAt()).contains(now.plusSeconds(4));
        assertThat(message.failedAt()).contains(now.plusSeconds(3));
        assertThat(message.errorCode()).isEmpty();
        assertThat(gesher.eventTypes(tenant).getLast()).isIn("message.read", "message.corrected");
    }

    @Test
    void a_failure_that_turns_out_delivered_is_corrected() {
        var id = sentMessage().message();
        receive(status(id, 1, InboundSignal.Status.FAILED, now.plusSeconds(1)));
        assertThat(gesher.message(tenant, id).errorCode()).contains("131026");

        receive(status(id, 1, InboundSignal.Status.DELIVERED, now.plusSeconds(2)));

        assertThat(gesher.message(tenant, id).status()).isEqualTo("delivered");
        assertThat(gesher.eventTypes(tenant)).endsWith("message.failed", "message.corrected");
    }

    @Test
    void a_played_voice_message_counts_as_read() {
        var id = sentMessage().message();
        receive(status(id, 1, InboundSignal.Status.PLAYED, now.plusSeconds(5)));

        assertThat(gesher.message(tenant, id).status()).isEqualTo("read");
        assertThat(gesher.message(tenant, id).readAt()).contains(now.plusSeconds(5));
    }

    @Test
    void a_status_without_our_id_is_found_by_metas() {
        var id = sentMessage().message();
        receive(
                RunningGesher.status(
                        "wamid." + id + ".1",
                        InboundSignal.Status.DELIVERED,
                        now,
                        Optional.empty(),
                        Optional.empty()));

        assertThat(gesher.message(tenant, id).status()).isEqualTo("delivered");
    }

    @Test
    void a_status_of_another_tenants_message_is_not_taken() {
        var id = sentMessage().message();
        var otherNumber = SimulatedNumber.of(simulator, "+972 3-555-0102");
        var other = gesher.connectedTenant(simulator, otherNumber);

        gesher.receive(
                other,
                otherNumber.phoneNumberId(),
                status(id, 1, InboundSignal.Status.READ, now),
                status(new MessageId(UUID.randomUUID()), 1, InboundSignal.Status.READ, now),
                RunningGesher.status(
                        "wamid.unknown",
                        InboundSignal.Status.READ,
                        now,
                        Optional.of("not ours"),
                        Optional.empty()));

        assertThat(gesher.message(tenant, id).status()).isEqualTo("sent");
        assertThat(gesher.eventTypes(other)).containsExactly("connection.active");
    }

    @Test
    void batches_over_the_same_customers_do_not_deadlock() throws Exception {
        var work = new ArrayList<Callable<Boolean>>();
        for (int i = 0; i < 40; i++) {
            int run = i;
            work.add(() -> {
                var customers =
                        run % 2 == 0
                                ? List.of(CUSTOMER, OTHER_CUSTOMER)
                                : List.of(OTHER_CUSTOMER, CUSTOMER);
                if (run % 4 < 2) {
                    // Each thread its own number, as its lane would keep them apart.
                    gesher.receive(
                            tenant,
                            "number-" + run,
                            inbound("wamid.a" + run, customers.get(0), now, "א"),
                            inbound("wamid.b" + run, customers.get(1), now, "ב"));
                } else {
                    gesher.accepted(template(tenant, customers.getFirst()));
                }
                return true;
            });
        }
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (var future : threads.invokeAll(work)) {
                assertThat(future.get()).isTrue();
            }
        }

        var all = gesher.conversations().list(tenant, Optional.empty(), 10).data();
        assertThat(all).hasSize(2);
        assertThat(all.stream().mapToLong(ConversationView::messageCount).sum()).isEqualTo(60);
        var seqs = gesher.events(tenant).stream().map(Events.Event::tenantSeq).toList();
        assertThat(seqs.getLast()).isEqualTo(seqs.size());
    }

    @Test
    void lists_are_paged_by_opaque_cursors_latest_first() {
        for (int i = 0; i < 5; i++) {
            receive(inbound("wamid." + i, "+9725023456" + (10 + i), now.minusSeconds(60 - i), "א"));
        }
        for (int i = 0; i < 4; i++) {
            receive(inbound("wamid.m" + i, "+972502345610", now.minusSeconds(30 - i), "מ" + i));
        }

        var first = gesher.conversations().list(tenant, Optional.empty(), 3);
        var second = gesher.conversations().list(tenant, first.nextCursor(), 3);

        assertThat(first.data())
                .extracting(c -> c.customerPhone().orElseThrow())
                .containsExactly("+972502345610", "+972502345614", "+972502345613");
        assertThat(second.data())
                .extracting(c -> c.customerPhone().orElseThrow())
                .containsExactly("+972502345612", "+972502345611");
        assertThat(second.nextCursor()).isEmpty();
        var page =
                gesher.conversations()
                        .messages(tenant, first.data().getFirst().id(), Optional.empty(), 3)
                        .orElseThrow();
        var rest =
                gesher.conversations()
                        .messages(tenant, first.data().getFirst().id(), page.nextCursor(), 3)
                        .orElseThrow();
        assertThat(page.data()).hasSize(3);
        assertThat(page.data().getFirst().contentJson().orElseThrow()).contains("מ3");
        assertThat(rest.data()).hasSize(2);
        assertThat(rest.nextCursor()).isEmpty();
        for (var cursor : List.of("x", "bTEgMQ", page.nextCursor().orElseThrow())) {
            assertThatThrownBy(() -> gesher.conversations().list(tenant, Optional.of(cursor), 3))
                    .isInstanceOf(Conversations.BadCursorException.class);
        }
    }

    @Test
    void names_and_content_are_not_readable_in_the_rows() {
        receive(inbound("wamid.1", CUSTOMER, now, "סוד"));

        assertThat(
                        gesher.count(
                                """
                                SELECT (SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ? AND position('סוד'::bytea in content) > 0)
                                    + (SELECT count(*) FROM whatsapp_conversations WHERE tenant_id = ? AND position('דנה'::bytea in customer_name) > 0)
                                    + (SELECT count(*) FROM contacts WHERE tenant_id = ? AND position('דנה'::bytea in name) > 0)
                                    + (SELECT count(*) FROM events WHERE tenant_id = ? AND position('סוד'::bytea in data) > 0)
                                """,
                                tenant.value(),
                                tenant.value(),
                                tenant.value(),
                                tenant.value()))
                .isZero();
    }
}
