package dev.gesher.simulator.world;

import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/** Media that businesses uploaded and customers sent, with ids and addresses that run out. */
public final class MediaStore {
    private static final Duration UPLOAD_LIFETIME = Duration.ofDays(30);
    private static final Duration INBOUND_LIFETIME = Duration.ofDays(7);
    private static final Duration URL_LIFETIME = Duration.ofMinutes(5);

    private final Ids ids;
    private final Clock clock;
    private final Map<String, Media> media = new ConcurrentHashMap<>();
    private final Map<String, Link> links = new ConcurrentHashMap<>();

    MediaStore(Ids ids, Clock clock) {
        this.ids = ids;
        this.clock = clock;
    }

    /**
     * One file.
     *
     * @param sha256 what Meta says it hashes to
     */
    public record Media(
            String id,
            String phoneNumberId,
            String mimeType,
            byte[] content,
            byte[] sha256,
            Instant expiresAt) {}

    private record Link(String mediaId, Instant expiresAt) {}

    public Media upload(String phoneNumberId, String mimeType, byte[] content) {
        return keep(phoneNumberId, mimeType, content, sha256(content), UPLOAD_LIFETIME);
    }

    /**
     * A customer's file.
     *
     * @param told the hash that Meta tells, right or wrong; the right one when absent
     */
    public Media inbound(
            String phoneNumberId, String mimeType, byte[] content, byte @Nullable [] told) {
        return keep(
                phoneNumberId,
                mimeType,
                content,
                told == null ? sha256(content) : told,
                INBOUND_LIFETIME);
    }

    private static byte[] sha256(byte[] content) {
        try {
            return MessageDigest.getInstance("SHA-256").digest(content);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    private Media keep(
            String phoneNumberId,
            String mimeType,
            byte[] content,
            byte[] sha256,
            Duration lifetime) {
        var one =
                new Media(
                        ids.node(),
                        phoneNumberId,
                        mimeType,
                        content,
                        sha256,
                        clock.instant().plus(lifetime));
        media.put(one.id(), one);
        return one;
    }

    public Optional<Media> find(String id) {
        return Optional.ofNullable(media.get(id))
                .filter(one -> clock.instant().isBefore(one.expiresAt()));
    }

    public boolean delete(String id) {
        return media.remove(id) != null;
    }

    /** A path under {@code /media/} that serves the file for five minutes. */
    public String link(Media one) {
        var key = ids.letters(40);
        links.put(key, new Link(one.id(), clock.instant().plus(URL_LIFETIME)));
        return "/media/" + key;
    }

    public Optional<Media> byLink(String key) {
        return Optional.ofNullable(links.get(key))
                .filter(link -> clock.instant().isBefore(link.expiresAt()))
                .flatMap(link -> find(link.mediaId()));
    }

    void clear() {
        media.clear();
        links.clear();
    }
}
