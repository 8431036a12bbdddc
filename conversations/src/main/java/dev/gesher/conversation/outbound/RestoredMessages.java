package dev.gesher.conversation.outbound;

import dev.gesher.conversation.SendAnswer.Route;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.message.MessageEvent;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.MessageState;
import dev.gesher.conversation.message.Stage;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.Transitions;
import dev.gesher.tenant.AfterRestore;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import io.micronaut.core.annotation.Order;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a restored database holds as queued or sending may have been sent since the backup, so
 * nobody knows: it settles, and Meta's statuses or the tenant's choice decide.
 */
@Singleton
@Order(1)
final class RestoredMessages implements AfterRestore {
    private static final int AT_ONCE = 500;

    private final TenantScope scope;
    private final Timers timers;
    private final EventLog events;
    private final Clock clock;

    RestoredMessages(TenantScope scope, Timers timers, EventLog events, Clock clock) {
        this.scope = scope;
        this.timers = timers;
        this.events = events;
        this.clock = clock;
    }

    @Override
    public void prepare(Instant noticedAt) {
        for (var tenant :
                scope.<List<TenantId>>platform(tx ->
                        tx.query(
                                "SELECT tenant_id FROM tenant_directory WHERE deleted_at IS NULL",
                                Row::tenant))) {
            int marked;
            do {
                marked = scope.in(tenant, tx -> settle(tx, tenant, noticedAt));
            } while (marked == AT_ONCE);
            scope.in(
                    tenant,
                    tx -> {
                        events.leaveOut(tx, tenant);
                        return null;
                    });
        }
    }

    private int settle(Tx tx, TenantId tenant, Instant noticedAt) throws SQLException {
        var now = clock.instant();
        var messages =
                tx.query(
                        """
                        SELECT * FROM whatsapp_messages
                        WHERE tenant_id = ? AND accepted_at < ?
                            AND (stage IN ('queued', 'sending') OR (stage = 'deferred' AND not_before <= ?))
                        ORDER BY message_id LIMIT ? FOR UPDATE
                        """,
                        MessageRows::read,
                        tenant,
                        noticedAt,
                        noticedAt,
                        AT_ONCE);
        var changes = new ArrayList<Change>();
        var presumed = new ArrayList<Change>();
        var ended = new ArrayList<AttemptRows.Outcome>();
        for (var message : messages) {
            var change = Change.to(message, settling(message)).unknownSince(now);
            changes.add(change);
            if (message.state().stage() == Stage.SENDING) {
                ended.add(
                        new AttemptRows.Outcome(
                                new MessageRows.Key(tenant, message.id()),
                                message.state().attempt(),
                                "abandoned"));
            } else {
                presumed.add(change);
            }
        }
        MessageRows.write(tx, changes);
        AttemptRows.abandon(tx, ended, now);
        AttemptRows.presume(tx, tenant, presumed, now);
        timers.setAll(
                tx,
                SettleTimer.KIND,
                messages.stream()
                        .map(message ->
                                new Timers.Due(
                                        tenant, message.id().value(), now.plus(LaneStep.SETTLING)))
                        .toList());
        return messages.size();
    }

    /** By the arrows it may have taken since the backup. */
    private static MessageState settling(StoredMessage message) {
        var state = Optional.of(message.state());
        if (message.state().stage() == Stage.DEFERRED) {
            state = state.flatMap(it -> Transitions.apply(it, new MessageEvent.Due()));
        }
        if (message.state().stage() != Stage.SENDING) {
            state =
                    state.flatMap(it ->
                            Transitions.apply(
                                    it,
                                    new MessageEvent.Claimed(
                                            Optional.ofNullable(it.route())
                                                    .orElse(Route.FREEFORM))));
        }
        return state.flatMap(it -> Transitions.apply(it, new MessageEvent.Unknown(it.attempt())))
                .orElseThrow();
    }
}
