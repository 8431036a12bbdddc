package dev.gesher.conversation.message;

import dev.gesher.conversation.SendAnswer.Route;
import org.jspecify.annotations.Nullable;

/**
 * Where a message of ours stands.
 *
 * @param outcome set exactly while it is settling
 * @param attempt how many calls were claimed for it
 * @param retries how many of them Meta asked to repeat later; what was no fault of the message does
 *     not count
 * @param hasTemplate whether it is free-form with a template for when the window is closed
 * @param fallbackAfter the attempt whose closed window made us take that template, or 0
 * @param resent whether it was sent once more because nobody knew what became of it
 * @param errorCode why it failed
 */
public record MessageState(
        Stage stage,
        Status status,
        @Nullable Outcome outcome,
        int attempt,
        int retries,
        @Nullable Route route,
        boolean hasTemplate,
        int fallbackAfter,
        boolean resent,
        @Nullable String errorCode) {

    /** A new message that may be sent, now or later. */
    public static MessageState accepted(Stage stage, Route route, boolean hasTemplate) {
        return new MessageState(
                stage, Status.PENDING, null, 0, 0, route, hasTemplate, 0, false, null);
    }

    /** A new message that our rules refuse. */
    public static MessageState blocked(boolean hasTemplate) {
        return new MessageState(
                Stage.DONE, Status.BLOCKED, null, 0, 0, null, hasTemplate, 0, false, null);
    }

    /** Whether a closed window leads to the template instead of to failure. */
    public boolean fallbackLeft() {
        return hasTemplate && fallbackAfter == 0 && route == Route.FREEFORM;
    }

    MessageState at(Stage newStage) {
        return new MessageState(
                newStage,
                status,
                null,
                attempt,
                retries,
                route,
                hasTemplate,
                fallbackAfter,
                resent,
                errorCode);
    }

    MessageState settling(Outcome why) {
        return new MessageState(
                Stage.SETTLING,
                status,
                why,
                attempt,
                retries,
                route,
                hasTemplate,
                fallbackAfter,
                resent,
                errorCode);
    }

    MessageState merged(Status reported) {
        Status merged = status.merge(reported);
        return new MessageState(
                stage,
                merged,
                outcome,
                attempt,
                retries,
                route,
                hasTemplate,
                fallbackAfter,
                resent,
                merged == Status.FAILED ? errorCode : null);
    }

    /** Failed with {@code code}, unless more is known already; the first cause stays. */
    MessageState failed(String code) {
        var merged = merged(Status.FAILED);
        return merged.status == Status.FAILED && merged.errorCode == null
                ? new MessageState(
                        merged.stage,
                        merged.status,
                        merged.outcome,
                        attempt,
                        retries,
                        route,
                        hasTemplate,
                        fallbackAfter,
                        resent,
                        code)
                : merged;
    }

    MessageState refusedByRules() {
        return new MessageState(
                Stage.DONE,
                Status.BLOCKED,
                null,
                attempt,
                retries,
                route,
                hasTemplate,
                fallbackAfter,
                resent,
                null);
    }

    MessageState claimed(Route chosen) {
        return new MessageState(
                Stage.SENDING,
                status,
                null,
                attempt + 1,
                retries,
                chosen,
                hasTemplate,
                fallbackAfter,
                resent,
                errorCode);
    }

    MessageState retried() {
        return new MessageState(
                Stage.QUEUED,
                status,
                null,
                attempt,
                retries + 1,
                route,
                hasTemplate,
                fallbackAfter,
                resent,
                errorCode);
    }

    MessageState fallenBack(int afterAttempt) {
        return new MessageState(
                Stage.QUEUED,
                status,
                null,
                attempt,
                retries,
                Route.TEMPLATE,
                hasTemplate,
                afterAttempt,
                resent,
                errorCode);
    }

    MessageState resentOnce() {
        return new MessageState(
                Stage.QUEUED,
                status,
                null,
                attempt,
                retries,
                route,
                hasTemplate,
                fallbackAfter,
                true,
                errorCode);
    }
}
