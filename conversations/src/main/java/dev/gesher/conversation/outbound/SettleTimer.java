package dev.gesher.conversation.outbound;

import dev.gesher.conversation.MessageId;
import dev.gesher.conversation.event.EventLog;
import dev.gesher.conversation.message.MessageEvent;
import dev.gesher.conversation.message.MessageEvents;
import dev.gesher.conversation.message.MessageRows;
import dev.gesher.conversation.message.Outcome;
import dev.gesher.conversation.message.Stage;
import dev.gesher.conversation.message.StoredMessage;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.conversation.message.Transitions;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.SendingHold;
import dev.gesher.tenant.Tenant;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Timers;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.WebhookInbox;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** Ends the wait for Meta's word about a message that may have gone out. */
@Singleton
final class SettleTimer implements Timers.Handler {
    static final String KIND = "message.settle";

    /** In this time whoever made a call has recorded it, or somebody has taken over its lane. */
    static final Duration RECORDED = Duration.ofMinutes(1);

    /** However long the inbox is behind. */
    private static final Duration LONGEST = Duration.ofDays(1);

    private static final Meters.Counts SETTLED =
            Meters.counts(
                            "gesher.settled",
                            "Messages of which nobody knew, whose wait for Meta's word is over",
                            "outcome")
                    .known("failed")
                    .known("resent");

    private final Clock clock;
    private final ProcessStart start;
    private final WebhookInbox inbox;
    private final Tenants tenants;
    private final Timers timers;
    private final EventLog events;
    private final LaneSignals signals;
    private final SendingHold hold;

    SettleTimer(
            Clock clock,
            ProcessStart start,
            WebhookInbox inbox,
            Tenants tenants,
            Timers timers,
            EventLog events,
            LaneSignals signals,
            SendingHold hold) {
        this.clock = clock;
        this.start = start;
        this.inbox = inbox;
        this.tenants = tenants;
        this.timers = timers;
        this.events = events;
        this.signals = signals;
        this.hold = hold;
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public void due(Tx tx, TenantId tenant, UUID object) throws SQLException {
        var number =
                tx.one(
                        "SELECT phone_number_id FROM whatsapp_messages WHERE tenant_id = ? AND message_id = ?",
                        row -> row.text("phone_number_id"),
                        tenant,
                        object);
        if (number.isEmpty()) {
            return;
        }
        Lanes.lock(tx, List.of(number.get()));
        var key = new MessageRows.Key(tenant, new MessageId(object));
        var message = MessageRows.lock(tx, List.of(key)).get(key);
        if (message == null) {
            return;
        }
        if (isUnknown(message)) {
            settle(tx, message);
        } else if (message.state().stage() == Stage.SENDING) {
            letGo(tx, message);
        }
    }

    /** A call of a lane that is another tenant's by now: nobody will record what came of it. */
    private void letGo(Tx tx, StoredMessage message) throws SQLException {
        var now = clock.instant();
        boolean ours = isOurs(tx, message);
        if (!ours) {
            var unknown = new MessageEvent.Unknown(message.state().attempt());
            var after = Transitions.apply(message.state(), unknown).orElseThrow();
            MessageRows.write(tx, List.of(Change.to(message, after).unknownSince(now)));
        }
        var next = ours ? RECORDED : LaneStep.SETTLING;
        timers.set(tx, KIND, message.tenant(), message.id().value(), now.plus(next));
    }

    private static boolean isOurs(Tx tx, StoredMessage message) throws SQLException {
        return tx.one(
                        "SELECT tenant_id FROM lanes WHERE phone_number_id = ?",
                        Row::tenant,
                        message.phoneNumberId())
                .filter(message.tenant()::equals)
                .isPresent();
    }

    private static boolean isUnknown(StoredMessage message) {
        return message.state().stage() == Stage.SETTLING
                && message.state().outcome() == Outcome.UNKNOWN;
    }

    /**
     * When the time to settle is over: it counts only while Meta's word could have reached us, so
     * not before the process started nor while sending is held (a restored database may not be
     * where Meta's webhooks go). Busy as the inbox may be, a day must do.
     */
    private Instant over(Tx tx, StoredMessage message, Instant now) throws SQLException {
        if (hold.isHeld(tx)) {
            return now.plus(LaneStep.SETTLING);
        }
        var since = message.unknownSince().orElse(now);
        var heardSince =
                Stream.of(since, start.at(), hold.releasedAt(tx).orElse(since))
                        .max(Comparator.naturalOrder())
                        .orElseThrow();
        var over = heardSince.plus(LaneStep.SETTLING);
        boolean behind =
                !over.isAfter(now)
                        && now.isBefore(since.plus(LONGEST))
                        && inbox.isBehind(tx, message.phoneNumberId(), over);
        return behind ? now.plus(LaneStep.SETTLING) : over;
    }

    private void settle(Tx tx, StoredMessage message) throws SQLException {
        var now = clock.instant();
        var over = over(tx, message, now);
        if (over.isAfter(now)) {
            timers.set(tx, KIND, message.tenant(), message.id().value(), over);
            return;
        }
        // On a lane that is another tenant's nobody would send it; that it may have arrived stays.
        boolean resend =
                isOurs(tx, message)
                        && Optional.ofNullable(
                                        tenants.find(tx, List.of(message.tenant()))
                                                .get(message.tenant()))
                                .filter(tenant -> tenant.onUnknown() == Tenant.OnUnknown.RESEND)
                                .isPresent();
        var after =
                Transitions.apply(message.state(), new MessageEvent.SettlingOver(resend))
                        .orElseThrow();
        var change = Change.to(message, after).notBefore(now);
        tx.afterCommit(() -> SETTLED.add(1, after.stage() == Stage.QUEUED ? "resent" : "failed"));
        if (after.stage() == Stage.QUEUED) {
            Lanes.due(tx, Map.of(message.phoneNumberId(), new Lanes.Due(message.tenant(), now)));
            signals.afterCommit(tx, List.of(message.phoneNumberId()));
        } else {
            change = change.times(Times.failed(now));
        }
        MessageRows.write(tx, List.of(change));
        events.append(tx, MessageEvents.of(change, now).stream().toList());
    }
}
