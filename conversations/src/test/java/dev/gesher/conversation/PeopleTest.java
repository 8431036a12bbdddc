package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.OTHER_CUSTOMER;
import static dev.gesher.conversation.RunningGesher.json;
import static dev.gesher.conversation.RunningGesher.template;
import static dev.gesher.conversation.RunningGesher.text;
import static org.assertj.core.api.Assertions.assertThat;

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
import dev.gesher.whatsapp.InboundSignal.AppContact;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged.Change;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Preference;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Who customers are: numbers, user ids, both, and what changes. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class PeopleTest {
    private static final String NEW_NUMBER = "+972532345678";

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;
    private Instant now;
    private int written;

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

    private static Person person(String phone, String userId) {
        return new Person(
                Optional.of(phone).filter(p -> !p.isEmpty()).map(PhoneNumber::new),
                Optional.of(userId).filter(id -> !id.isEmpty()),
                Optional.empty(),
                Optional.of("דנה"),
                Optional.empty());
    }

    private InboundSignal.Message from(String phone, String userId, Instant at) {
        return RunningGesher.inbound(
                "wamid." + ++written, person(phone, userId), at, "text", "{}", true);
    }

    private InboundSignal.Message from(String phone, String userId) {
        return from(phone, userId, now);
    }

    private CustomerChanged changed(Change change, Person before, Person after, Instant at) {
        return new CustomerChanged(
                "wamid.change." + ++written, change, before, after, at, "{\"type\":\"system\"}");
    }

    private List<ConversationView> conversations() {
        return gesher.conversations().list(tenant, Optional.empty(), 100).data();
    }

    private ConversationView only() {
        assertThat(conversations()).hasSize(1);
        return conversations().getFirst();
    }

    private List<MessageView> messages(ConversationId conversation) {
        return gesher.conversations()
                .messages(tenant, conversation, Optional.empty(), 100)
                .orElseThrow()
                .data();
    }

    @Test
    void two_contacts_become_one_when_a_webhook_shows_both_ids() {
        receive(from(CUSTOMER, "", now.minusSeconds(100)));
        var byNumber = only();
        receive(from("", "IL.42", now.minusSeconds(50)));
        assertThat(conversations()).hasSize(2);
        var byUserId =
                conversations().stream().filter(c -> !c.id().equals(byNumber.id())).findFirst();
        var waiting = gesher.accepted(text(tenant, "IL.42", "מחכה"));

        receive(from(CUSTOMER, "IL.42", now));

        assertThat(only().id()).isEqualTo(byNumber.id());
        assertThat(only().customerPhone()).contains(CUSTOMER);
        assertThat(only().customerUserId()).contains("IL.42");
        assertThat(only().messageCount()).isEqualTo(4);
        assertThat(only().windowOpenedAt()).contains(now);
        assertThat(messages(only().id())).hasSize(4);
        assertThat(gesher.message(tenant, waiting.message()).conversation()).contains(only().id());
        // Whoever kept the other id finds the one that is left.
        var old = byUserId.orElseThrow().id();
        assertThat(gesher.conversations().find(tenant, old)).contains(only());
        assertThat(messages(old)).hasSize(4);
        var event =
                gesher.events(tenant).stream()
                        .filter(e -> e.type().equals("contact.merged"))
                        .findFirst()
                        .orElseThrow();
        assertThat(json(event.dataJson()).at("/conversation_id").asText())
                .isEqualTo(only().id().toString());
        assertThat(json(event.dataJson()).at("/merged_conversation_id").asText())
                .isEqualTo(old.toString());
        assertThat(json(event.dataJson()).at("/why").asText()).isEqualTo("seen_together");
        assertThat(merges()).isEqualTo(1);
        assertThat(gesher.accepted(text(tenant, CUSTOMER, "שלום")).conversation())
                .isEqualTo(gesher.accepted(text(tenant, "IL.42", "שלום")).conversation());
    }

    private long merges() {
        return gesher.count(
                "SELECT count(*) FROM contact_merges WHERE tenant_id = ?", tenant.value());
    }

    @Test
    void an_id_of_a_conversation_leads_on_through_several_merges() {
        receive(from("", "IL.1", now));
        receive(from("", "IL.2", now));
        receive(from("", "IL.3", now));
        var all = conversations().stream().map(ConversationView::id).toList();

        receive(changed(Change.USER_ID, person("", "IL.2"), person("", "IL.3"), now));
        receive(changed(Change.USER_ID, person("", "IL.1"), person("", "IL.2"), now));

        for (var id : all) {
            assertThat(gesher.conversations().find(tenant, id)).contains(only());
        }
        assertThat(only().messageCount()).isEqualTo(5);
        assertThat(merges()).isEqualTo(2);
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
    void whatever_comes_first_it_is_one_customer(long seed) {
        var signals = new ArrayList<InboundSignal>();
        signals.add(from(CUSTOMER, "", now.minusSeconds(5)));
        signals.add(from("", "IL.42", now.minusSeconds(4)));
        signals.add(from(CUSTOMER, "IL.42", now.minusSeconds(3)));
        signals.add(
                changed(
                        Change.NUMBER,
                        person(CUSTOMER, "IL.42"),
                        person(NEW_NUMBER, "IL.43"),
                        now.minusSeconds(2)));
        signals.add(from(NEW_NUMBER, "", now.minusSeconds(1)));
        signals.add(from("", "IL.43", now));
        signals.addAll(List.copyOf(signals.subList(2, 5)));
        Collections.shuffle(signals, new Random(seed));

        signals.forEach(signal -> receive(signal));

        assertThat(only().customerPhone()).contains(NEW_NUMBER);
        assertThat(only().customerUserId()).contains("IL.43");
        assertThat(only().messageCount()).isEqualTo(6);
        assertThat(messages(only().id())).hasSize(6);
        assertThat(only().windowOpenedAt()).contains(now);
    }

    @Test
    void a_customer_keeps_their_conversation_with_a_new_number() {
        receive(from(CUSTOMER, "IL.42", now.minusSeconds(60)));
        var before = only();

        var change =
                changed(
                        Change.NUMBER,
                        person(CUSTOMER, "IL.42"),
                        person(NEW_NUMBER, "IL.43"),
                        now.minusSeconds(30));
        receive(change);
        receive(change);

        assertThat(only().id()).isEqualTo(before.id());
        assertThat(only().customerPhone()).contains(NEW_NUMBER);
        assertThat(only().customerUserId()).contains("IL.43");
        assertThat(only().windowOpenedAt()).isEqualTo(before.windowOpenedAt());
        assertThat(messages(only().id())).extracting(MessageView::type).contains("system");
        assertThat(only().messageCount()).isEqualTo(2);
        // What was written before and comes late is still theirs; who has the number now is not.
        receive(from(CUSTOMER, "", now.minusSeconds(40)));
        assertThat(only().messageCount()).isEqualTo(3);
        receive(from(CUSTOMER, "", now));
        assertThat(conversations()).hasSize(2);
        assertThat(merges()).isZero();
    }

    @Test
    void a_new_number_brings_a_new_user_id_even_if_meta_does_not_say_so() {
        receive(from(CUSTOMER, "IL.42", now.minusSeconds(60)));
        receive(
                changed(
                        Change.NUMBER,
                        person(CUSTOMER, ""),
                        person(NEW_NUMBER, ""),
                        now.minusSeconds(30)));
        receive(from(NEW_NUMBER, "IL.43", now));
        receive(from("", "IL.42", now.minusSeconds(40))); // late

        assertThat(only().customerPhone()).contains(NEW_NUMBER);
        assertThat(only().customerUserId()).contains("IL.43");
        assertThat(only().messageCount()).isEqualTo(4);
    }

    @Test
    void a_number_that_was_given_to_somebody_else_starts_anew() {
        receive(from(CUSTOMER, "IL.42", now.minusSeconds(60)));
        var before = only();

        receive(from(CUSTOMER, "IL.77", now));
        receive(from(CUSTOMER, "IL.42", now.minusSeconds(90))); // late

        assertThat(conversations()).hasSize(2);
        var owner = gesher.conversations().find(tenant, before.id()).orElseThrow();
        assertThat(owner.customerPhone()).isEmpty();
        assertThat(owner.customerUserId()).contains("IL.42");
        assertThat(owner.messageCount()).isEqualTo(2);
        var other =
                conversations().stream()
                        .filter(c -> !c.id().equals(before.id()))
                        .findFirst()
                        .orElseThrow();
        assertThat(other.customerPhone()).contains(CUSTOMER);
        assertThat(other.customerUserId()).contains("IL.77");
        assertThat(merges()).isZero();
        assertThat(gesher.accepted(text(tenant, CUSTOMER, "שלום")).conversation())
                .isEqualTo(other.id());
    }

    @Test
    void a_previous_owner_of_whom_only_the_number_is_known_keeps_the_history() {
        receive(from(NEW_NUMBER, "", now.minusSeconds(100)));
        var previous = only();
        receive(from(CUSTOMER, "IL.42", now.minusSeconds(60)));

        receive(
                changed(
                        Change.NUMBER,
                        person(CUSTOMER, "IL.42"),
                        person(NEW_NUMBER, "IL.43"),
                        now.minusSeconds(30)));

        assertThat(conversations()).hasSize(2);
        var owner = gesher.conversations().find(tenant, previous.id()).orElseThrow();
        assertThat(owner.customerPhone()).isEmpty();
        assertThat(owner.customerUserId()).isEmpty();
        assertThat(gesher.accepted(text(tenant, NEW_NUMBER, "שלום")).conversation())
                .isNotEqualTo(previous.id());
    }

    @Test
    void user_ids_of_another_portfolio_say_nothing_against_a_number() {
        receive(from(CUSTOMER, "IL.42", now.minusSeconds(60)));
        var next = SimulatedNumber.of(simulator, "+972 3-555-0102");
        gesher.connect(tenant, simulator, next);

        gesher.receive(tenant, next.phoneNumberId(), from(CUSTOMER, "IL.9000", now));

        assertThat(only().messageCount()).isEqualTo(2);
    }

    @ParameterizedTest
    @CsvSource({
        "+525512345678, +5215512345678",
        "+5521987654321, +552187654321",
        "+22997123456, +2290197123456"
    })
    void spellings_of_one_number_are_one_customer(String dialled, String waId) {
        var sent = gesher.accepted(template(tenant, dialled));
        receive(from(waId, "", now));

        assertThat(only().id()).isEqualTo(sent.conversation());
        assertThat(only().customerPhone()).contains(waId);
        assertThat(only().messageCount()).isEqualTo(2);
        assertThat(gesher.accepted(text(tenant, dialled, "שלום")).conversation())
                .isEqualTo(only().id());
        assertThat(only().customerPhone()).contains(waId);
    }

    @Test
    void an_argentine_spelling_is_joined_by_metas_word_only() {
        var sent = gesher.accepted(template(tenant, "+541112345678"));
        receive(from("+5491112345678", "", now));
        assertThat(conversations()).hasSize(2);
        attempted(sent.message());

        receive(statusTo(sent.message(), "+5491112345678", "AR.1"));

        assertThat(only().messageCount()).isEqualTo(2);
        assertThat(only().customerUserId()).contains("AR.1");
        assertThat(only().customerPhone()).contains("+5491112345678");
        assertThat(merges()).isEqualTo(1);
    }

    private void attempted(MessageId message) {
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
                            message.value(),
                            now,
                            now,
                            "wamid." + message + ".1");
                    tx.update(
                            """
                            UPDATE whatsapp_messages SET stage = 'done', status = 'sent', attempt = 1, sent_at = ?
                            WHERE tenant_id = ? AND message_id = ?
                            """,
                            now,
                            tenant,
                            message.value());
                });
    }

    private InboundSignal.StatusUpdate statusTo(MessageId message, String phone, String userId) {
        return new InboundSignal.StatusUpdate(
                "wamid." + message + ".1",
                InboundSignal.Status.DELIVERED,
                now,
                Optional.of(message + ".1"),
                person(phone, userId),
                Optional.empty(),
                false,
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void a_status_tells_the_user_id_of_who_got_the_message() {
        var sent = gesher.accepted(template(tenant, CUSTOMER));
        attempted(sent.message());

        receive(statusTo(sent.message(), CUSTOMER, "IL.42"));
        receive(from("", "IL.42", now));

        assertThat(only().id()).isEqualTo(sent.conversation());
        assertThat(only().customerUserId()).contains("IL.42");
        assertThat(only().messageCount()).isEqualTo(2);
    }

    @Test
    void two_numbers_of_a_tenant_merging_at_the_same_moment_merge_once() throws Exception {
        for (int round = 0; round < 5; round++) {
            var phone = "+97250234560" + round;
            var userId = "IL.5" + round;
            receive(from(phone, "", now), from("", userId, now));
            var work = new ArrayList<Callable<Boolean>>();
            for (int i = 0; i < 6; i++) {
                var signal = from(phone, userId, now);
                var lane = "lane-" + i;
                work.add(() -> {
                    applyAsTheApplierDoes(lane, signal);
                    return true;
                });
            }
            try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
                for (var future : threads.invokeAll(work)) {
                    assertThat(future.get()).isTrue();
                }
            }
            assertThat(merges()).isEqualTo(round + 1);
        }
        assertThat(conversations())
                .hasSize(5)
                .allSatisfy(c -> assertThat(c.messageCount()).isEqualTo(8));
        for (var conversation : conversations()) {
            assertThat(messages(conversation.id())).hasSize(8);
        }
    }

    /** Once more if another transaction was in the way, as a batch is. */
    private void applyAsTheApplierDoes(String lane, InboundSignal signal) {
        for (int tries = 0; ; tries++) {
            try {
                gesher.bean(TenantScope.class)
                        .in(
                                tenant,
                                tx -> {
                                    gesher.bean(InboundListener.class)
                                            .apply(
                                                    tx,
                                                    List.of(
                                                            new Received(
                                                                    tenant, lane, signal, "c")));
                                    return true;
                                });
                return;
            } catch (RuntimeException e) {
                if (tries == 20 || !isRepeatable(e)) {
                    throw e;
                }
            }
        }
    }

    private static boolean isRepeatable(Throwable e) {
        for (var cause = e; cause != null; cause = cause.getCause()) {
            if (cause instanceof java.sql.SQLException sql && sql.getSQLState().startsWith("40")) {
                return true;
            }
        }
        return false;
    }

    private Preference preference(Person person, String value, Instant at) {
        return new Preference(
                person, "marketing_messages", value, Optional.empty(), Optional.empty(), at);
    }

    private long suppressed() {
        return gesher.count(
                "SELECT count(*) FROM contact_suppressions WHERE tenant_id = ? AND suppressed",
                tenant.value());
    }

    @Test
    void the_newest_word_on_advertising_counts_whatever_order_they_come_in() {
        receive(preference(person(CUSTOMER, ""), "stop", now.minusSeconds(20)));
        assertThat(suppressed()).isEqualTo(1);
        assertThat(conversations()).isEmpty();
        receive(preference(person(CUSTOMER, ""), "resume", now.minusSeconds(30)));
        assertThat(suppressed()).isEqualTo(1);
        receive(
                preference(person(CUSTOMER, ""), "resume", now.minusSeconds(10)),
                preference(person(CUSTOMER, ""), "sing", now));
        assertThat(suppressed()).isZero();
        receive(preference(person(CUSTOMER, ""), "stop", now.minusSeconds(20)));
        assertThat(suppressed()).isZero();
        assertThat(gesher.eventTypes(tenant))
                .endsWith("contact.marketing_stopped", "contact.marketing_resumed");
    }

    @Test
    void of_two_that_become_one_the_stricter_word_stays() {
        receive(from(CUSTOMER, ""), from("", "IL.42"));
        receive(
                preference(person("", "IL.42"), "stop", now.minusSeconds(20)),
                preference(person(CUSTOMER, ""), "resume", now.minusSeconds(10)));

        receive(from(CUSTOMER, "IL.42"));
        receive(preference(person(CUSTOMER, ""), "resume", now.minusSeconds(10)));

        assertThat(suppressed()).isEqualTo(1);
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM contact_suppressions WHERE tenant_id = ?",
                                tenant.value()))
                .isEqualTo(1);
        receive(preference(person(CUSTOMER, ""), "resume", now));
        assertThat(suppressed()).isZero();
    }

    @Test
    void a_refusal_that_a_failed_message_tells_counts_like_the_settings() {
        var sent = gesher.accepted(template(tenant, CUSTOMER));
        attempted(sent.message());

        receive(
                RunningGesher.status(
                        "wamid." + sent.message() + ".1",
                        InboundSignal.Status.FAILED,
                        now,
                        Optional.of(sent.message() + ".1"),
                        Optional.of("131050")));

        assertThat(suppressed()).isEqualTo(1);
        assertThat(gesher.eventTypes(tenant)).contains("contact.marketing_stopped");
    }

    @Test
    void a_refusal_finds_its_contact_though_that_goes_into_another_at_this_moment() {
        receive(from(OTHER_CUSTOMER, "", now.minusSeconds(60)));
        var sent = gesher.accepted(template(tenant, "IL.42"));
        attempted(sent.message());

        receive(
                RunningGesher.status(
                        "wamid." + sent.message() + ".1",
                        InboundSignal.Status.FAILED,
                        now,
                        Optional.of(sent.message() + ".1"),
                        Optional.of("131050")),
                from(OTHER_CUSTOMER, "IL.42"));

        assertThat(merges()).isEqualTo(1);
        assertThat(suppressed()).isEqualTo(1);
    }

    @Test
    void the_apps_name_of_a_contact_counts_for_less_than_their_own() {
        var unnamed = Person.of(Optional.of(new PhoneNumber(CUSTOMER)), Optional.empty());
        receive(
                new AppContact(
                        person(CUSTOMER, ""), false, Optional.empty(), now.minusSeconds(60)));
        receive(RunningGesher.inbound("wamid.x", unnamed, now, "text", "{}", true));
        assertThat(only().customerName()).contains("דנה");
        receive(
                new AppContact(unnamed, true, Optional.empty(), now.minusSeconds(90)),
                new AppContact(
                        new Person(
                                Optional.of(new PhoneNumber(CUSTOMER)),
                                Optional.empty(),
                                Optional.empty(),
                                Optional.of("דנה הנגרית"),
                                Optional.empty()),
                        false,
                        Optional.empty(),
                        now.minusSeconds(30)));
        assertThat(only().customerName()).contains("דנה הנגרית");

        receive(from(CUSTOMER, ""));
        assertThat(only().customerName()).contains("דנה");
        receive(new AppContact(unnamed, true, Optional.empty(), now));
        assertThat(only().customerName()).contains("דנה");
    }

    @Test
    void an_identity_that_changed_is_only_recorded() {
        receive(from(CUSTOMER, "IL.42"));
        receive(
                changed(
                        Change.IDENTITY,
                        person(CUSTOMER, "IL.42"),
                        person(CUSTOMER, "IL.42"),
                        now));
        receive(from(OTHER_CUSTOMER, "IL.44", now.plus(Duration.ofDays(3))));

        assertThat(conversations()).hasSize(2);
        // A clock that is ahead opens no longer window than one that is right.
        assertThat(conversations())
                .allSatisfy(c ->
                        assertThat(c.windowExpiresAt().orElseThrow())
                                .isBeforeOrEqualTo(now.plus(Duration.ofHours(24))));
    }
}
