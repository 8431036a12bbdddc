package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.AuditTrail;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.WebhookLetters;
import dev.gesher.whatsapp.WebhookLetters.Answer;
import dev.gesher.whatsapp.WebhookLetters.Filter;
import dev.gesher.whatsapp.WebhookLetters.Letter;
import dev.gesher.whatsapp.WebhookLetters.State;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** What was set aside is found, tried again and dropped by the operator. */
@GesherDatabase
@Timeout(60)
class LettersTest {
    private static final long AT = Webhooks.SENT.getEpochSecond();
    private static final Filter DEAD = filter(State.DEAD);

    private final String actor = "operator:" + UUID.randomUUID();
    private final TestDatabase database;
    private final Webhooks webhooks;
    private final WebhookLetters letters;
    private TenantId theirs;

    LettersTest(TestDatabase database) {
        this.database = database;
        this.webhooks = new Webhooks(database);
        this.letters = webhooks.context.getBean(WebhookLetters.class);
    }

    @BeforeEach
    void clear() {
        Webhooks.clear(database);
        theirs = webhooks.holderOf("5001", "7001");
    }

    @AfterEach
    void close() {
        webhooks.close();
    }

    private static Filter filter(State state) {
        return new Filter(state, Optional.empty(), Optional.empty());
    }

    private List<Letter> all(Filter filter) {
        return letters.list(filter, Optional.empty(), 200).data();
    }

    private Letter only(Filter filter) {
        assertThat(all(filter)).hasSize(1);
        return all(filter).getFirst();
    }

    private void poison() {
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid." + Recorder.POISON, AT));
        webhooks.work();
    }

    private List<String> audited() {
        return webhooks
                .context
                .getBean(AuditTrail.class)
                .list(TenantId.PLATFORM, Optional.empty(), 200)
                .data()
                .stream()
                .filter(entry -> entry.actor().equals(actor))
                .map(entry -> entry.action() + " " + entry.object() + " " + entry.detail())
                .toList();
    }

    @Test
    void a_dead_change_tells_where_it_broke_and_never_what_is_in_it() {
        poison();

        var letter = only(DEAD);
        assertThat(letter.state()).isEqualTo(State.DEAD);
        assertThat(letter.field()).contains("messages");
        assertThat(letter.phoneNumberId()).contains("5001");
        assertThat(letter.attempts()).isEqualTo(1);
        assertThat(letter.error().orElseThrow()).contains("Recorder").doesNotContain("secret");
        assertThat(letter.correlation()).isEqualTo("corr");
        assertThat(letters.find(letter.id())).contains(letter);
    }

    @Test
    void its_content_is_shown_for_a_reason_that_is_audited() {
        poison();
        webhooks.deliver(Fixtures.bytes("not JSON"));
        webhooks.work();

        var contents = new ArrayList<String>();
        for (var letter : all(DEAD)) {
            contents.add(
                    new String(
                            letters.content(letter.id(), "a look", actor).orElseThrow(),
                            StandardCharsets.UTF_8));
        }
        assertThat(contents.get(0)).isEqualTo("not JSON");
        assertThat(contents.get(1)).contains("\"change\":{", "wamid." + Recorder.POISON);
        assertThat(audited())
                .hasSize(2)
                .first()
                .asString()
                .startsWith("webhook_letter.content_read 2026")
                .endsWith("{reason=a look}");
    }

    @Test
    void a_change_that_is_tried_again_is_applied_or_dead_once_more() {
        poison();
        var letter = only(DEAD);

        assertThat(letters.redrive(letter.id(), actor)).isEqualTo(Answer.DONE);
        assertThat(letters.find(letter.id()).orElseThrow().state()).isEqualTo(State.PENDING);
        assertThat(letters.redrive(letter.id(), actor)).isEqualTo(Answer.NOT_DEAD);
        webhooks.work();
        assertThat(only(DEAD).attempts()).isEqualTo(2);

        mend();
        assertThat(letters.redrive(letter.id(), actor)).isEqualTo(Answer.DONE);
        webhooks.work();
        assertThat(letters.find(letter.id()).orElseThrow().state()).isEqualTo(State.APPLIED);
        assertThat(webhooks.heardBy(theirs)).hasSize(1);
        assertThat(all(DEAD)).isEmpty();
        assertThat(audited()).hasSize(2).allMatch(it -> it.contains("webhook_letter.redriven"));
    }

    private void mend() {
        webhooks.recorder.mended = true;
    }

    @Test
    void what_was_applied_of_a_dead_change_stays_and_the_rest_follows() {
        webhooks.deliver(
                Fixtures.change(
                        """
                        {"field":"messages","value":{"metadata":{"phone_number_id":"5001"},"messages":[\
                        {"from":"972541112222","id":"wamid.good","timestamp":"%d","type":"text","text":{"body":"a"}},\
                        {"from":"972541112222","timestamp":"%d","type":"text","text":{"body":"b"}}]}}\
                        """
                                .formatted(AT, AT)));
        webhooks.work();
        assertThat(webhooks.heardBy(theirs)).containsExactly("text wamid.good");
        var letter = only(DEAD);
        assertThat(letter.error()).contains("message without id");

        letters.redrive(letter.id(), actor);
        webhooks.work();

        assertThat(only(DEAD).attempts()).isEqualTo(2);
        assertThat(webhooks.heardBy(theirs)).containsExactly("text wamid.good");
    }

    @Test
    void a_body_that_is_tried_again_is_split_or_dead_once_more() {
        webhooks.deliver(Fixtures.bytes("not JSON"));
        webhooks.work();
        var letter = only(DEAD);
        assertThat(letter.field()).isEmpty();
        assertThat(letter.error()).contains("not JSON");

        assertThat(letters.redrive(letter.id(), actor)).isEqualTo(Answer.DONE);
        assertThat(letters.find(letter.id()).orElseThrow().state()).isEqualTo(State.PENDING);
        webhooks.work();
        assertThat(only(DEAD)).returns(2, Letter::attempts).returns(letter.id(), Letter::id);
        assertThat(webhooks.count("SELECT count(*)::int AS n FROM webhook_inbox_pending")).isZero();
    }

    @Test
    void a_body_that_is_understood_at_last_is_applied_and_no_letter_any_more() {
        webhooks.deliver("text_message");
        // As if the version before had not understood it.
        var body =
                webhooks.scope.<LetterId>platform(tx -> {
                    tx.update("DELETE FROM webhook_inbox_pending");
                    return tx.query(
                                    """
                                    INSERT INTO webhook_dead_letters (key_day, inbox_id, received_at, state, error, created_at)
                                    SELECT key_day, inbox_id, received_at, 'dead', 'no changes', received_at FROM webhook_inbox
                                    RETURNING key_day, inbox_id
                                    """,
                                    row ->
                                            new LetterId(
                                                    KeyDay.of(row.integer("key_day")),
                                                    row.longInteger("inbox_id"),
                                                    LetterId.BODY))
                            .getFirst();
                });

        assertThat(letters.redrive(body.toString(), actor)).isEqualTo(Answer.DONE);
        webhooks.work();

        assertThat(webhooks.heardBy(theirs)).containsExactly("text wamid.text1");
        assertThat(letters.find(body.toString())).isEmpty();
        assertThat(
                        webhooks.count(
                                "SELECT count(*)::int AS n FROM webhook_changes WHERE later AND state = 'applied'"))
                .as("behind what is live")
                .isEqualTo(1);
    }

    @Test
    void what_is_dropped_is_left_alone() {
        poison();
        webhooks.deliver(Fixtures.bytes("not JSON"));
        webhooks.work();
        for (var letter : all(DEAD)) {
            assertThat(letters.drop(letter.id(), actor)).isEqualTo(Answer.DONE);
            assertThat(letters.find(letter.id()).orElseThrow().state()).isEqualTo(State.DROPPED);
            assertThat(letters.drop(letter.id(), actor)).isEqualTo(Answer.NOT_DEAD);
            assertThat(letters.redrive(letter.id(), actor)).isEqualTo(Answer.NOT_DEAD);
        }
        assertThat(all(DEAD)).isEmpty();
        assertThat(webhooks.inbox.backlog().dead()).isZero();
    }

    @Test
    void all_of_a_field_are_tried_again_at_once() {
        for (int n = 0; n < 30; n++) {
            webhooks.deliver(Fixtures.text("5001", "7001", "wamid." + n + Recorder.POISON, AT));
        }
        webhooks.deliver(Fixtures.bytes("not JSON"));
        webhooks.work();
        assertThat(all(DEAD)).hasSize(31);
        var none =
                new Filter(
                        State.DEAD,
                        Optional.empty(),
                        Optional.of(Webhooks.SENT.plus(Duration.ofDays(1))));
        assertThat(letters.redrive(none, actor).letters()).isZero();

        mend();
        var messages = new Filter(State.DEAD, Optional.of("messages"), Optional.empty());
        assertThat(letters.redrive(messages, actor))
                .isEqualTo(new WebhookLetters.Redriven(30, false));
        webhooks.work();
        assertThat(webhooks.heardBy(theirs)).hasSize(30);
        assertThat(all(DEAD)).hasSize(1);

        assertThat(letters.redrive(DEAD, actor).letters()).isEqualTo(1);
        webhooks.work();
        assertThat(only(DEAD).attempts()).isEqualTo(2);
        assertThat(audited()).first().asString().contains("webhook_letters.redriven * {count=1}");
    }

    @Test
    void pages_go_back_from_the_latest_over_bodies_and_changes() {
        for (int n = 0; n < 7; n++) {
            webhooks.deliver(
                    n % 2 == 0
                            ? Fixtures.bytes("not JSON " + n)
                            : Fixtures.text("5001", "7001", "wamid." + n + Recorder.POISON, AT));
        }
        webhooks.work();
        var everything = all(DEAD).stream().map(Letter::id).toList();
        assertThat(everything).hasSize(7).doesNotHaveDuplicates();

        var paged = new ArrayList<String>();
        Optional<String> after = Optional.empty();
        do {
            var page = letters.list(DEAD, after, 2);
            page.data().forEach(letter -> paged.add(letter.id()));
            after = page.nextCursor();
        } while (after.isPresent());
        assertThat(paged).isEqualTo(everything);
        assertThatThrownBy(() -> letters.list(DEAD, Optional.of("x"), 2))
                .isInstanceOf(Page.BadCursorException.class);
        var since =
                new Filter(State.DEAD, Optional.empty(), Optional.of(Webhooks.SENT.plusSeconds(6)));
        assertThat(all(since)).isEmpty();
    }

    @Test
    void parked_changes_are_shown_and_are_nobodys_to_redrive() {
        webhooks.deliver(Fixtures.text("5009", "7009", "wamid.parked", AT));
        webhooks.work();

        var parked = only(filter(State.PARKED));
        assertThat(parked.phoneNumberId()).contains("5009");
        assertThat(all(DEAD)).isEmpty();
        assertThat(letters.content(parked.id(), "a look", actor)).isPresent();
        assertThat(letters.redrive(parked.id(), actor)).isEqualTo(Answer.NOT_DEAD);
        assertThat(letters.drop(parked.id(), actor)).isEqualTo(Answer.NOT_DEAD);
    }

    @Test
    void what_never_was_set_aside_is_no_letter() {
        webhooks.deliver("text_message");
        webhooks.work();
        var day = KeyDay.stored(KeyDay.of(Webhooks.SENT));
        int id = webhooks.count("SELECT max(inbox_id)::int AS n FROM webhook_inbox");
        for (var name :
                List.of(
                        day + "-" + id,
                        day + "-" + id + "-0",
                        day + "-99999",
                        "20260230-1",
                        "x",
                        "20200101-1-0")) {
            assertThat(letters.find(name)).as(name).isEmpty();
            assertThat(letters.content(name, "a look", actor)).as(name).isEmpty();
            assertThat(letters.redrive(name, actor)).as(name).isEqualTo(Answer.UNKNOWN);
            assertThat(letters.drop(name, actor)).as(name).isEqualTo(Answer.UNKNOWN);
        }
        assertThat(audited()).isEmpty();
    }
}
