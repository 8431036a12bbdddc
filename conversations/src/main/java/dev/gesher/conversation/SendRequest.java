package dev.gesher.conversation;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.MessageContent;
import java.time.Instant;
import java.util.Optional;

/**
 * A request to send, read but not yet judged.
 *
 * @param to the recipient as the caller wrote it: a number in any form the tenant's region knows,
 *     or a business-scoped user id
 * @param content what to say; empty when only a template was given
 * @param template what to say when the window is closed
 * @param reference the caller's own, at most 128 characters
 * @param expiresAt when it is no longer worth sending; empty for the default of its kind
 * @param idempotency the caller's key, if it gave one
 * @param traceParent the caller's trace context (W3C) as it wrote it, if it did
 */
public record SendRequest(
        TenantId tenant,
        String clientId,
        String to,
        Optional<MessageContent> content,
        Optional<MessageContent.Template> template,
        Routing routing,
        Optional<String> reference,
        Optional<Instant> expiresAt,
        Optional<Idempotency> idempotency,
        String correlation,
        Optional<String> traceParent) {
    /** One that no trace of its caller's is known of. */
    public SendRequest(
            TenantId tenant,
            String clientId,
            String to,
            Optional<MessageContent> content,
            Optional<MessageContent.Template> template,
            Routing routing,
            Optional<String> reference,
            Optional<Instant> expiresAt,
            Optional<Idempotency> idempotency,
            String correlation) {
        this(
                tenant,
                clientId,
                to,
                content,
                template,
                routing,
                reference,
                expiresAt,
                idempotency,
                correlation,
                Optional.empty());
    }

    /** How the caller wants it to go. */
    public enum Routing {
        AUTO,
        FREEFORM,
        TEMPLATE
    }

    /**
     * An Idempotency-Key with what it was sent for.
     *
     * @param key 1 to 255 visible ASCII characters
     * @param path the request's path
     * @param fingerprint SHA-256 of path, query and raw body
     */
    public record Idempotency(String key, String method, String path, byte[] fingerprint) {}

    @Override
    public String toString() {
        return "send request of " + tenant;
    }
}
