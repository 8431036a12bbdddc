package dev.gesher.simulator.world;

/**
 * Where Meta's papers leave room, and what only a test wants: how this simulator behaves.
 *
 * @param statusBeforeAnswer the sent (and delivered) webhook is delivered before the send is
 *     answered
 * @param messageStatusMissing answers to sends carry no {@code message_status}
 * @param identity which of number and user id webhooks carry
 * @param webhookVersion V24 leaves {@code conversation} out of statuses, V21 has it
 * @param asynchronousWindow a free-form message outside the window is accepted and fails by webhook
 *     with 131047
 * @param holdTemplates templates are answered {@code held_for_quality_assessment} and wait for a
 *     status by control API
 * @param autoDelivered phones are on: sent is followed by delivered at once
 * @param autoRead customers read at once
 * @param rateLimits throughput (130429) and pair (131056) limits are enforced
 * @param requireAppSecretProof calls without {@code appsecret_proof} are refused
 * @param mediaUrl webhooks carry the address of a customer's file, as they do since late 2025
 * @param accountWebhooks a finished signup is told as {@code account_update} PARTNER_ADDED when its
 *     code is exchanged
 * @param businessTokenSeconds lifetime of tokens from signup, 0 for never expiring (a login
 *     configuration says 60 days or never)
 * @param sessionEvent when the signup dialog tells the page its session event
 * @param batchSize up to this many webhook changes for one address travel in one POST
 * @param retryStartMillis wait before a refused webhook is repeated the first time; it doubles
 * @param retryCapMillis longest wait between repetitions
 */
public record Quirks(
        boolean statusBeforeAnswer,
        boolean messageStatusMissing,
        Identity identity,
        WebhookVersion webhookVersion,
        boolean asynchronousWindow,
        boolean holdTemplates,
        boolean autoDelivered,
        boolean autoRead,
        boolean rateLimits,
        boolean requireAppSecretProof,
        boolean mediaUrl,
        boolean accountWebhooks,
        long businessTokenSeconds,
        SessionEvent sessionEvent,
        int batchSize,
        long retryStartMillis,
        long retryCapMillis) {

    /** Which of number and user id a webhook carries. */
    public enum Identity {
        BOTH,
        USER_ID_ONLY,
        PHONE_ONLY
    }

    /** The payload version of the webhook subscription. */
    public enum WebhookVersion {
        V21,
        V24
    }

    /** Order of the signup's two messages to the page. */
    public enum SessionEvent {
        BEFORE_CODE,
        AFTER_CODE,
        WITHHELD
    }

    public Quirks {
        if (batchSize < 1
                || batchSize > 1000
                || retryStartMillis < 1
                || retryCapMillis < retryStartMillis) {
            throw new IllegalArgumentException(
                    "batch_size is 1 to 1000, 1 <= retry_start_millis <= retry_cap_millis");
        }
    }

    /** Meta on a usual day. */
    public static Quirks usual() {
        return new Quirks(
                false,
                false,
                Identity.BOTH,
                WebhookVersion.V21,
                false,
                false,
                true,
                false,
                true,
                false,
                true,
                false,
                0,
                SessionEvent.BEFORE_CODE,
                1,
                200,
                5_000);
    }
}
