package dev.gesher.whatsapp;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * Typed calls to Graph for one tenant. Every call blocks, bounded by the configured timeout, and
 * never retries.
 */
public interface WhatsAppClient {
    /**
     * Sends one message.
     *
     * @param phoneNumberId the business number it goes out from
     * @param opaque at most 512 characters that Meta echoes in every status ({@code
     *     biz_opaque_callback_data})
     */
    default SendResult send(
            String phoneNumberId, Recipient to, MessageContent content, String opaque) {
        return prepare(phoneNumberId, to, content, opaque).send();
    }

    /**
     * All of {@link #send} but the call: whatever may wait for the database is done when this
     * returns. Never throws; what stands in the way is the result of the sending.
     */
    Prepared prepare(String phoneNumberId, Recipient to, MessageContent content, String opaque);

    /** A message that is ready to leave. */
    interface Prepared {
        /**
         * Makes the call, once: it is over, or has become unknown, {@link
         * WhatsAppClients#longestSend()} after this begins.
         */
        SendResult send();
    }

    /**
     * The variants of a template in all languages, as Graph lists them, kept for minutes.
     *
     * @throws GraphUnavailableException if Graph could not be asked
     */
    List<TemplateVariant> template(String wabaId, String name);

    /**
     * Asks for a file that a customer sent. Returns once it begins to come; who reads it bounds the
     * whole of that.
     *
     * @param phoneNumberId the business number it was sent to
     * @param url an address that a webhook gave less than five minutes ago: it is tried first, and
     *     only if it is at one of Meta's hosts
     */
    MediaAnswer openMedia(String mediaId, String phoneNumberId, Optional<String> url);

    /**
     * One language of a template.
     *
     * @param language as Meta writes it
     * @param status {@code APPROVED} or another
     * @param category {@code UTILITY}, {@code MARKETING}, {@code AUTHENTICATION}
     * @param parameterFormat {@code NAMED} or {@code POSITIONAL}
     * @param readAt when Graph was asked
     */
    record TemplateVariant(
            String name,
            String language,
            String status,
            String category,
            String parameterFormat,
            Instant readAt) {
        /** Whether it may be sent now. */
        public boolean approved() {
            return status.equals("APPROVED");
        }
    }
}
