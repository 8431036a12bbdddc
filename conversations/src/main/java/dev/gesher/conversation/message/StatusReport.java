package dev.gesher.conversation.message;

import dev.gesher.conversation.event.NewEvent;
import dev.gesher.conversation.message.StoredMessage.Change;
import dev.gesher.conversation.message.StoredMessage.Times;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Meta's word about an attempt to send a message of ours.
 *
 * @param attempt 0 for a message that was not sent by us
 * @param errorCode Meta's, when it failed
 */
public record StatusReport(
        MessageRows.Key message,
        int attempt,
        String waMessageId,
        InboundSignal.Status status,
        Instant at,
        boolean windowClosed,
        Optional<String> errorCode,
        Optional<Billing> billing) {
    /** What a webhook told of an attempt. */
    public static StatusReport of(StatusUpdate update, MessageRows.Key message, int attempt) {
        return new StatusReport(
                message,
                attempt,
                update.waMessageId(),
                update.status(),
                update.at(),
                update.windowClosed(),
                update.error().map(InboundSignal.MetaError::code),
                Billing.of(update));
    }

    /**
     * The change of a message after this report too. Reports may come in any order and more than
     * once.
     *
     * @param events gets the event, if the status has changed
     */
    public Change applied(Change soFar, Instant now, List<NewEvent> events) {
        var before = soFar.after();
        var event =
                new MessageEvent.Reported(
                        attempt, merged(), windowClosed, errorCode.orElse("failed"));
        var moved = Transitions.apply(before, event);
        if (moved.isEmpty()) {
            return soFar;
        }
        var after = moved.get();
        boolean latest = attempt == before.attempt();
        var change = soFar.after(after).times(soFar.times().earliest(times(latest, after.stage())));
        if (after.stage() == Stage.QUEUED && before.stage() != Stage.QUEUED) {
            change = change.notBefore(now);
        }
        if (latest) {
            change = change.waMessageId(waMessageId);
        }
        if (billing.isPresent()) {
            change = change.billing(billing.get());
        }
        MessageEvents.of(change.from(before), at).ifPresent(events::add);
        return change;
    }

    private Status merged() {
        return switch (status) {
            case SENT -> Status.SENT;
            case DELIVERED -> Status.DELIVERED;
            case READ, PLAYED -> Status.READ;
            case FAILED -> Status.FAILED;
        };
    }

    /** What was read was delivered, and what was delivered was sent. */
    private Times times(boolean latest, Stage after) {
        return switch (status) {
            case SENT -> new Times(at, null, null, null, null);
            case DELIVERED -> new Times(at, at, null, null, null);
            case READ -> new Times(at, at, at, null, null);
            case PLAYED -> new Times(at, at, at, at, null);
            case FAILED ->
                    // An attempt has failed; a message that goes again has not.
                    latest && after == Stage.DONE ? Times.failed(at) : Times.NONE;
        };
    }

    @Override
    public String toString() {
        return "status " + status;
    }
}
