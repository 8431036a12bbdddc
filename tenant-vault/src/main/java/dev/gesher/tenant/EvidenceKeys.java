package dev.gesher.tenant;

/**
 * The platform's keys for proof of consent and suppression, which outlives contact and tenant: they
 * are rotated, and no old one is ever destroyed.
 */
public interface EvidenceKeys {
    /**
     * The keys, from a cache of one minute. Opens a transaction of its own: to be called before the
     * one that needs them, which may use the answer.
     */
    Evidence open();

    /** Keys that are open; for use at once, not to be kept. */
    interface Evidence {
        /** How long a seal is, in bytes. */
        int SEAL_LENGTH = 36;

        /**
         * A keyed hash over {@code content} under the current key, which names that key.
         *
         * @param purpose separates seals over the same content for different uses
         */
        byte[] seal(String purpose, byte[] content);

        /**
         * Whether {@code seal} was made for the same purpose and content, under any key there ever
         * was.
         */
        boolean isSealed(String purpose, byte[] content, byte[] seal);

        /** Encrypts proof rows; bound to their place, and to no tenant. */
        ContentCipher cipher();
    }
}
