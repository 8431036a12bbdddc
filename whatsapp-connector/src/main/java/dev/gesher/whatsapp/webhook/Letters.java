package dev.gesher.whatsapp.webhook;

import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.Cursor;
import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.WebhookLetters;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;

/** The operator's view of what was set aside: bodies and changes in one list. */
@Singleton
final class Letters implements WebhookLetters {
    private static final String LIST = "letters";

    /** In one transaction. */
    private static final int AT_ONCE = 1_000;

    /** In one call, which somebody waits for. */
    private static final int MOST = 20_000;

    private static final LetterId FIRST = new LetterId(LocalDate.EPOCH, -1, LetterId.BODY);

    private static final Comparator<Letter> LATEST_FIRST =
            Comparator.comparing((Letter letter) -> id(letter), LetterId.ORDER).reversed();

    private final TenantScope scope;
    private final DayKeys keys;
    private final AuditLog audit;
    private final Wakeups wakeups;

    Letters(TenantScope scope, DayKeys keys, AuditLog audit, Wakeups wakeups) {
        this.scope = scope;
        this.keys = keys;
        this.audit = audit;
        this.wakeups = wakeups;
    }

    private static LetterId id(Letter letter) {
        return LetterId.parse(letter.id()).orElseThrow();
    }

    @Override
    public Page<Letter> list(Filter filter, Optional<String> after, int limit) {
        Cursor.checkLimit(limit);
        if (filter.state() != State.DEAD && filter.state() != State.PARKED) {
            throw new IllegalArgumentException("letters that are " + filter.state());
        }
        var before =
                after.map(cursor ->
                        LetterId.parse(Cursor.read(LIST, cursor).name())
                                .orElseThrow(Page.BadCursorException::new));
        var rows =
                scope.platform(tx ->
                        Stream.concat(
                                        LetterRows.bodies(tx, filter, before, limit + 1).stream(),
                                        LetterRows.changes(tx, filter, before, limit + 1).stream())
                                .sorted(LATEST_FIRST)
                                .limit(limit + 1L)
                                .toList());
        return Cursor.page(
                LIST, rows, limit, letter -> new Cursor(letter.receivedAt(), letter.id()));
    }

    @Override
    public Optional<Letter> find(String id) {
        return LetterId.parse(id).flatMap(it -> scope.platform(tx -> LetterRows.find(tx, it)));
    }

    @Override
    public Optional<byte[]> content(String id, String reason, String actor) {
        var parsed = LetterId.parse(id);
        if (parsed.isEmpty() || find(id).isEmpty()) {
            return Optional.empty();
        }
        var letter = parsed.get();
        keys.ready(letter.day());
        var sealed =
                scope.in(
                        TenantId.PLATFORM,
                        tx -> {
                            record(tx, actor, "content_read", letter, Map.of("reason", reason));
                            return LetterRows.sealed(tx, letter);
                        });
        return sealed.flatMap(it -> {
            try {
                return Optional.of(keys.decrypt(letter.day(), it.place(), it.bytes()));
            } catch (IllegalStateException destroyed) {
                return Optional.empty();
            }
        });
    }

    @Override
    public Answer redrive(String id, String actor) {
        return change(
                id,
                actor,
                "redriven",
                (tx, letter) -> {
                    wake(tx);
                    return LetterRows.redrive(tx, letter);
                });
    }

    @Override
    public Answer drop(String id, String actor) {
        return change(id, actor, "dropped", LetterRows::drop);
    }

    private interface Step {
        boolean take(Tx tx, LetterId letter) throws SQLException;
    }

    private Answer change(String id, String actor, String what, Step step) {
        var parsed = LetterId.parse(id);
        if (parsed.isEmpty()) {
            return Answer.UNKNOWN;
        }
        var letter = parsed.get();
        return scope.in(
                TenantId.PLATFORM,
                tx -> {
                    if (step.take(tx, letter)) {
                        record(tx, actor, what, letter, Map.of());
                        return Answer.DONE;
                    }
                    return LetterRows.find(tx, letter).isPresent()
                            ? Answer.NOT_DEAD
                            : Answer.UNKNOWN;
                });
    }

    private void record(
            Tx tx, String actor, String what, LetterId letter, Map<String, String> detail)
            throws SQLException {
        audit.record(
                tx, TenantId.PLATFORM, actor, "webhook_letter." + what, letter.toString(), detail);
    }

    @Override
    public Redriven redrive(Filter filter, String actor) {
        if (filter.state() != State.DEAD) {
            throw new IllegalArgumentException("letters that are " + filter.state());
        }
        int changes = redrive(filter, actor, LetterRows::redriveChanges, MOST);
        int bodies = redrive(filter, actor, LetterRows::redriveBodies, MOST - changes);
        return new Redriven(changes + bodies, changes + bodies == MOST);
    }

    private int redrive(Filter filter, String actor, LetterRows.Walk walk, int most) {
        int letters = 0;
        // What dies again meanwhile lies behind, so that the walk ends.
        var last = FIRST;
        while (letters < most) {
            var from = last;
            int limit = Math.min(AT_ONCE, most - letters);
            var some =
                    scope.in(
                            TenantId.PLATFORM,
                            tx -> {
                                var redriven = walk.next(tx, filter, from, limit);
                                if (!redriven.isEmpty()) {
                                    recordAll(tx, actor, filter, redriven.size());
                                    wake(tx);
                                }
                                return redriven;
                            });
            letters += some.size();
            if (some.size() < limit) {
                break;
            }
            last = some.stream().max(LetterId.ORDER).orElse(last);
        }
        return letters;
    }

    private void recordAll(Tx tx, String actor, Filter filter, int count) throws SQLException {
        audit.record(
                tx,
                TenantId.PLATFORM,
                actor,
                "webhook_letters.redriven",
                filter.field().orElse("*"),
                Map.of("count", Integer.toString(count)));
    }

    private void wake(Tx tx) {
        tx.afterCommit(() -> {
            wakeups.wake(Splitter.TOPIC);
            wakeups.wake(Applier.TOPIC);
        });
    }
}
