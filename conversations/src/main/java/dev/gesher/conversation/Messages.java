package dev.gesher.conversation;

import dev.gesher.tenant.TenantId;
import java.util.Optional;

/** Sends messages and reads them. */
public interface Messages {
    /**
     * Decides, and keeps the message for sending in one commit with its idempotency key. What it
     * says is not sent when this returns: a dispatcher does that.
     *
     * @throws dev.gesher.tenant.db.DatabaseUnavailableException if nothing could be kept
     */
    SendAnswer send(SendRequest request);

    /** Decides as {@link #send} would now, and changes nothing. */
    Precheck precheck(SendRequest request);

    /** A message of the tenant. */
    Optional<MessageView> find(TenantId tenant, MessageId message);

    /** What a precheck answers. */
    sealed interface Precheck {
        /** The request could be judged. */
        record Decided(Decision decision) implements Precheck {}

        /** It could not. */
        record Invalid(String code, String pointer) implements Precheck {}
    }
}
