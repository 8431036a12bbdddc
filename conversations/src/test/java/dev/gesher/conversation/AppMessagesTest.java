package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.inbound;
import static dev.gesher.conversation.RunningGesher.json;
import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.BillingConversation;
import dev.gesher.whatsapp.InboundSignal.Edit;
import dev.gesher.whatsapp.InboundSignal.Media;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Pricing;
import dev.gesher.whatsapp.InboundSignal.Referral;
import dev.gesher.whatsapp.InboundSignal.Revoke;
import dev.gesher.whatsapp.InboundSignal.Source;
import dev.gesher.whatsapp.PhoneNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What comes from the business's own app, from history, and what changes a message that was
 * written: echoes, imports, edits, revocations.
 */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class AppMessagesTest {
    private static final Person DANA =
            Person.of(Optional.of(new PhoneNumber(CUSTOMER)), Optional.empty());

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

    private MessageView message() {
        assertThat(messages()).hasSize(1);
        return messages().getFirst();
    }

    private String textOf(MessageView message) {
        return json(message.contentJson().orElseThrow()).at("/text/body").asText();
    }

    private static String textJson(String text) {
        return "{\"type\":\"text\",\"text\":{\"body\":\"" + text + "\"}}";
    }

    private InboundSignal.Message message(
            String wamid, Source source, boolean fromCustomer, String text, Instant at) {
        return message(wamid, source, fromCustomer, "text", textJson(text), at, Optional.empty());
    }

    private InboundSignal.Message message(
            String wamid,
            Source source,
            boolean fromCustomer,
            String type,
            String content,
            Instant at,
            Optional<Media> media) {
        return new InboundSignal.Message(
                wamid,
                DANA,
                at,
                source,
                fromCustomer,
                type,
                content,
                media,
                Optional.empty(),
                source == Source.LIVE && fromCustomer,
                Optional.empty(),
                Optional.empty());
    }

    private InboundSignal.StatusUpdate status(String wamid, InboundSignal.Status status) {
        return RunningGesher.status(wamid, status, now, Optional.empty(), Optional.empty());
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void what_the_app_sent_is_kept_with_its_statuses_whichever_comes_first(boolean statusFirst) {
        var echo = message("wamid.1", Source.ECHO, false, "מהאפליקציה", now.minusSeconds(9));
        var read = status("wamid.1", InboundSignal.Status.READ);
        if (statusFirst) {
            receive(read);
            assertThat(gesher.eventTypes(tenant)).containsExactly("connection.active");
        }
        receive(echo);
        receive(read, echo);

        assertThat(message().direction()).isEqualTo(MessageView.Direction.OUTBOUND);
        assertThat(message().source()).contains("app");
        assertThat(message().status()).isEqualTo("read");
        assertThat(message().stage()).isEqualTo("done");
        assertThat(message().sentAt()).contains(now.minusSeconds(9));
        assertThat(message().readAt()).contains(now);
        assertThat(message().recipientPhone()).contains(CUSTOMER);
        assertThat(textOf(message())).isEqualTo("מהאפליקציה");
        assertThat(only().windowOpenedAt()).isEmpty();
        assertThat(only().lastMessageAt()).contains(now.minusSeconds(9));
        assertThat(gesher.eventTypes(tenant))
                .containsExactly("connection.active", "message.echo", "message.read");
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM early_statuses WHERE tenant_id = ?",
                                tenant.value()))
                .isZero();
    }

    @Test
    void an_echo_and_its_status_may_come_in_one_batch() {
        receive(
                status("wamid.1", InboundSignal.Status.DELIVERED),
                message("wamid.1", Source.ECHO, false, "מהאפליקציה", now));

        assertThat(message().status()).isEqualTo("delivered");
    }

    @Test
    void an_echo_does_not_close_a_window_that_is_open() {
        receive(inbound("wamid.0", CUSTOMER, now.minusSeconds(60), "שלום"));
        receive(message("wamid.1", Source.ECHO, false, "מהאפליקציה", now));

        assertThat(only().windowOpenedAt()).contains(now.minusSeconds(60));
    }

    @Test
    void history_is_kept_from_both_sides_and_told_of_by_nobody() {
        receive(
                message("wamid.1", Source.HISTORY, true, "לפני", now.minusSeconds(50)),
                new InboundSignal.Message(
                        "wamid.2",
                        DANA,
                        now.minusSeconds(40),
                        Source.HISTORY,
                        false,
                        "text",
                        textJson("תשובה"),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        Optional.empty(),
                        Optional.of(InboundSignal.Status.READ)));

        assertThat(messages())
                .extracting(MessageView::status)
                .containsExactlyInAnyOrder("received", "read");
        assertThat(messages()).allSatisfy(m -> assertThat(m.source()).contains("history"));
        assertThat(only().windowOpenedAt()).isEmpty();
        assertThat(only().messageCount()).isEqualTo(2);
        assertThat(gesher.eventTypes(tenant)).containsExactly("connection.active");
    }

    @Test
    void a_later_sighting_fills_gaps_and_changes_nothing_else() {
        receive(
                message(
                        "wamid.1",
                        Source.HISTORY,
                        true,
                        "media_placeholder",
                        "{\"type\":\"media_placeholder\"}",
                        now,
                        Optional.empty()),
                message("wamid.2", Source.HISTORY, true, "ראשון", now.minusSeconds(5)));
        var media =
                new Media(
                        "media-1",
                        Optional.of("image/jpeg"),
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        false,
                        false);
        receive(
                message(
                        "wamid.1",
                        Source.HISTORY,
                        true,
                        "image",
                        "{\"type\":\"image\",\"image\":{\"id\":\"media-1\"}}",
                        now.plusSeconds(5),
                        Optional.of(media)),
                message("wamid.2", Source.HISTORY, true, "אחר", now.plusSeconds(5)));

        assertThat(messages())
                .extracting(MessageView::type)
                .containsExactlyInAnyOrder("image", "text");
        assertThat(messages().stream().filter(m -> m.type().equals("text")).map(this::textOf))
                .containsExactly("ראשון");
        assertThat(
                        gesher.count(
                                "SELECT count(*) FROM whatsapp_messages WHERE tenant_id = ? AND media_id = 'media-1'",
                                tenant.value()))
                .isEqualTo(1);
        assertThat(only().messageCount()).isEqualTo(2);
        assertThat(only().lastMessageAt()).contains(now);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_message_that_history_brings_too_opens_its_window_all_the_same(boolean historyFirst) {
        var live = message("wamid.1", Source.LIVE, true, "שלום", now);
        var history = message("wamid.1", Source.HISTORY, true, "שלום", now);
        receive(historyFirst ? history : live);
        receive(historyFirst ? live : history);
        receive(history, live);

        assertThat(message().source()).isEmpty();
        assertThat(only().windowOpenedAt()).contains(now);
        assertThat(only().messageCount()).isEqualTo(1);
        assertThat(gesher.eventTypes(tenant)).containsOnlyOnce("message.received");
    }

    private Edit edit(String wamid, String text, Instant at) {
        return new Edit(
                wamid,
                "wamid.1",
                DANA,
                at,
                true,
                "{\"type\":\"edit\",\"edit\":{\"original_message_id\":\"wamid.1\",\"message\":"
                        + textJson(text)
                        + "}}");
    }

    private Revoke revoke(boolean fromCustomer) {
        return new Revoke("wamid.r", "wamid.1", DANA, now, fromCustomer, "{\"type\":\"revoke\"}");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void the_newest_edit_is_what_a_message_says(long seed) {
        var signals = new ArrayList<InboundSignal>();
        signals.add(inbound("wamid.1", CUSTOMER, now.minusSeconds(60), "ראשון"));
        signals.add(edit("wamid.e1", "שני", now.minusSeconds(50)));
        signals.add(edit("wamid.e2", "שלישי", now.minusSeconds(40)));
        signals.add(edit("wamid.e1", "שני", now.minusSeconds(50)));
        Collections.shuffle(signals, new Random(seed));

        signals.forEach(this::receive);

        assertThat(textOf(message())).isEqualTo("שלישי");
        assertThat(message().editedAt()).contains(now.minusSeconds(40));
        assertThat(only().messageCount()).isEqualTo(1);
        var edited =
                gesher.events(tenant).stream()
                        .filter(e -> e.type().equals("message.edited"))
                        .toList();
        assertThat(edited).isNotEmpty();
        var last = json(edited.getLast().dataJson());
        assertThat(last.at("/content/text/body").asText()).isEqualTo("שלישי");
        assertThat(last.at("/previous_content/text/body").asText()).isIn("ראשון", "שני");
    }

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4, 5, 6})
    void what_is_taken_back_says_nothing_any_more(long seed) {
        var signals = new ArrayList<InboundSignal>();
        signals.add(inbound("wamid.1", CUSTOMER, now.minusSeconds(60), "סוד"));
        signals.add(edit("wamid.e1", "סוד אחר", now.minusSeconds(50)));
        signals.add(revoke(true));
        signals.add(revoke(true));
        Collections.shuffle(signals, new Random(seed));

        signals.forEach(this::receive);

        assertThat(message().contentJson()).isEmpty();
        assertThat(message().revokedAt()).contains(now);
        assertThat(gesher.eventTypes(tenant)).containsOnlyOnce("message.revoked");
        assertThat(
                        gesher.count(
                                """
                                SELECT count(*) FROM message_amendments
                                WHERE tenant_id = ? AND (content IS NOT NULL OR NOT applied)
                                """,
                                tenant.value()))
                .isZero();
    }

    @Test
    void nobody_takes_back_what_the_other_side_wrote() {
        receive(message("wamid.1", Source.ECHO, false, "שלנו", now.minusSeconds(60)));
        receive(revoke(true), edit("wamid.e1", "זר", now));
        assertThat(textOf(message())).isEqualTo("שלנו");

        receive(new Revoke("wamid.r2", "wamid.1", DANA, now, false, "{\"type\":\"revoke\"}"));
        assertThat(message().contentJson()).isEmpty();
    }

    @Test
    void edits_open_no_window_and_make_no_conversation() {
        receive(edit("wamid.e1", "שני", now));

        assertThat(gesher.conversations().list(tenant, Optional.empty(), 10).data()).isEmpty();
    }

    @Test
    void where_a_customer_came_from_is_kept_and_read() {
        receive(
                new InboundSignal.Message(
                        "wamid.1",
                        DANA,
                        now.minusSeconds(60),
                        Source.LIVE,
                        true,
                        "text",
                        textJson("ראיתי את המודעה"),
                        Optional.empty(),
                        Optional.empty(),
                        true,
                        Optional.of(
                                new Referral(
                                        Optional.of("ad"),
                                        Optional.of("120"),
                                        Optional.of("clid"))),
                        Optional.empty()));
        receive(inbound("wamid.2", CUSTOMER, now, "עוד"));

        var referral = only().referral().orElseThrow();
        assertThat(referral.at()).isEqualTo(now.minusSeconds(60));
        assertThat(referral.sourceType()).contains("ad");
        assertThat(referral.sourceId()).contains("120");
        assertThat(referral.clickId()).contains("clid");
        assertThat(only().freeEntryExpiresAt()).isEmpty();
    }

    private InboundSignal.StatusUpdate free(
            String wamid, Instant at, Optional<BillingConversation> conversation) {
        return new InboundSignal.StatusUpdate(
                wamid,
                InboundSignal.Status.SENT,
                at,
                Optional.empty(),
                DANA,
                Optional.empty(),
                false,
                Optional.of(
                        new Pricing(
                                Optional.empty(),
                                Optional.of("PMP"),
                                Optional.of("free_entry_point"),
                                Optional.of("service"))),
                conversation);
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void a_free_entry_point_is_a_matter_of_price_only(boolean firstFirst) {
        receive(
                message("wamid.1", Source.ECHO, false, "א", now.minusSeconds(90)),
                message("wamid.2", Source.ECHO, false, "ב", now.minusSeconds(60)));
        var first = free("wamid.1", now.minusSeconds(90), Optional.empty());
        var second = free("wamid.2", now.minusSeconds(60), Optional.empty());

        receive(firstFirst ? first : second);
        receive(firstFirst ? second : first);

        assertThat(only().freeEntryExpiresAt())
                .contains(now.minusSeconds(90).plus(Duration.ofDays(3)));
        assertThat(only().windowOpen()).isFalse();
        assertThat(messages())
                .allSatisfy(m -> assertThat(m.price().orElseThrow().freeEntry()).isTrue());
    }

    @Test
    void metas_own_end_of_a_free_entry_point_counts() {
        receive(message("wamid.1", Source.ECHO, false, "א", now.minusSeconds(90)));
        var until = now.plus(Duration.ofHours(71));
        receive(
                free(
                        "wamid.1",
                        now.minusSeconds(90),
                        Optional.of(
                                new BillingConversation(
                                        Optional.of("c"),
                                        Optional.of("referral_conversion"),
                                        Optional.of(until)))));

        assertThat(only().freeEntryExpiresAt()).contains(until);
    }
}
