package dev.gesher.tenant;

import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Puts new keys in the place of old ones while everything goes on. A rotation is asked for, done in
 * the background by whichever process can, and continued by another if that one ends.
 */
public interface KeyRotations {
    /** What is replaced. */
    enum Layer {
        /**
         * The key that wraps all others: each is wrapped anew with the configured one. Nothing is
         * encrypted anew.
         */
        KEY_ENCRYPTION_KEY,
        /** Data and look-up keys: new ones for what is new; secrets are encrypted anew at once. */
        DATA_KEYS
    }

    /** How far it is. */
    enum State {
        WAITING,
        RUNNING,
        DONE,
        /** It is over, and something could not be read: the old keys are still there. */
        FAILED
    }

    /**
     * Asks for a rotation, audited.
     *
     * @param actor who, for the audit trail
     */
    Answer request(Request request, String actor);

    /** One rotation. */
    Optional<Rotation> find(UUID rotation);

    /**
     * Rotations, the latest first.
     *
     * @param before only those asked for before this one; all when empty
     * @param limit the most of them
     */
    List<Rotation> list(Optional<UUID> before, int limit);

    /**
     * What to rotate.
     *
     * @param tenant whose data keys; those of all, and the platform's, when empty; never given for
     *     the key-encryption key
     * @param destroyOldKeys whether content is encrypted anew, so that old data keys can be
     *     destroyed
     */
    record Request(Layer layer, Optional<TenantId> tenant, boolean destroyOldKeys) {}

    /** What came of asking. */
    sealed interface Answer {
        record Accepted(Rotation rotation) implements Answer {}

        /** One of that layer is not over yet. */
        record UnderWay(UUID rotation) implements Answer {}

        /**
         * Running processes do not have the key that would wrap: they could not read what it wraps.
         */
        record NotKnownEverywhere(int processes) implements Answer {}

        record NoSuchTenant() implements Answer {}
    }

    /**
     * A rotation.
     *
     * @param tenant whose; null for all
     * @param total how many tenants it concerns, the platform counted as one; 0 until it begins
     * @param done tenants that are finished
     * @param failed tenants of which something could not be read; their old keys stay
     * @param rowsDone values of content that were encrypted anew
     */
    record Rotation(
            UUID id,
            Layer layer,
            @Nullable TenantId tenant,
            boolean destroyOldKeys,
            State state,
            int total,
            int done,
            int failed,
            long rowsDone,
            Instant requestedAt,
            @Nullable Instant startedAt,
            @Nullable Instant finishedAt) {}
}
