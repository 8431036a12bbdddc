package dev.gesher.conversation.media;

import dev.gesher.whatsapp.MediaAnswer;
import dev.gesher.whatsapp.Sha256;
import dev.gesher.whatsapp.WhatsAppClients;
import jakarta.inject.Singleton;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One try to bring one file from Meta into the content storage: as a stream, encrypted before it
 * touches a disk, under its name only once it is whole and proven.
 */
@Singleton
final class Fetch {
    private static final Logger log = LoggerFactory.getLogger(Fetch.class);
    private static final int BUFFER = 64 << 10;

    /** As long as an address of a webhook is good. */
    private static final Duration ADDRESS = Duration.ofMinutes(5);

    private final WhatsAppClients clients;
    private final Incoming incoming;
    private final ObjectStore store;
    private final FileTypes types;
    private final MediaSettings settings;
    private final Clock clock;

    Fetch(
            WhatsAppClients clients,
            Incoming incoming,
            ObjectStore store,
            FileTypes types,
            MediaSettings settings,
            Clock clock) {
        this.clients = clients;
        this.incoming = incoming;
        this.store = store;
        this.types = types;
        this.settings = settings;
        this.clock = clock;
    }

    /** Asked again and again while a file comes. */
    interface Watch {
        /** Whether to go on; also a sign of life. */
        boolean goesOn();
    }

    Fetched run(MediaRow media, Watch watch) {
        var url =
                media.tries() == 0 && clock.instant().isBefore(media.createdAt().plus(ADDRESS))
                        ? media.details().url()
                        : Optional.<String>empty();
        var answer =
                clients.clientFor(media.tenant())
                        .openMedia(media.waMediaId(), media.phoneNumberId(), url);
        return switch (answer) {
            case MediaAnswer.NotNow(var code, var after) -> new Fetched.NotNow(code, after);
            case MediaAnswer.TooLarge() -> new Fetched.Never("too_large");
            case MediaAnswer.Open open -> {
                try (open;
                        var draft = incoming.begin()) {
                    yield keep(media, open, draft, watch);
                } catch (IOException e) {
                    // Ours, not Meta's: a full disk, an S3 that is away.
                    log.error("media={} could not be stored", media.id(), e);
                    yield new Fetched.NotNow("storage");
                }
            }
        };
    }

    private Fetched keep(MediaRow media, MediaAnswer.Open open, Incoming.Draft draft, Watch watch)
            throws IOException {
        var digest = sha256();
        var first = new ByteArrayOutputStream();
        long bytes = 0;
        long until = System.nanoTime() + settings.longest().toNanos();
        var cipher = Places.cipher(media.objectKey(), media.tenant(), media.id());
        try (var sealed = cipher.encrypting(draft.stream())) {
            byte[] buffer = new byte[BUFFER];
            for (int read = read(open, buffer); read != ENDED; read = read(open, buffer)) {
                if (read == BROKEN) {
                    return new Fetched.NotNow("broken_off");
                }
                bytes += read;
                if (bytes > MediaAnswer.MOST_BYTES) {
                    return new Fetched.Never("too_large");
                }
                if (System.nanoTime() > until) {
                    return new Fetched.NotNow("too_slow");
                }
                if (!watch.goesOn()) {
                    return new Fetched.Stopped();
                }
                first.write(buffer, 0, Math.min(read, FileTypes.LOOKED_AT - first.size()));
                digest.update(buffer, 0, read);
                sealed.write(buffer, 0, read);
            }
        }
        var hash = Sha256.of(digest.digest());
        if (!told(media, open).allMatch(hash::equals)) {
            return new Fetched.NotNow(MediaFetcher.HASH_MISMATCH);
        }
        store.put(Places.object(media.tenant(), media.id()), draft.finished());
        byte[] look = first.toByteArray();
        return new Fetched.Whole(bytes, open.mimeType(), types.detect(look, look.length));
    }

    /** What Meta says it hashes to, here and there. */
    private static Stream<Sha256> told(MediaRow media, MediaAnswer.Open open) {
        return List.of(media.details().sha256().flatMap(Sha256::parse), open.sha256()).stream()
                .flatMap(Optional::stream);
    }

    private static final int ENDED = -1;
    private static final int BROKEN = -2;

    private static int read(MediaAnswer.Open open, byte[] buffer) {
        try {
            return open.body().read(buffer);
        } catch (IOException e) {
            return BROKEN;
        }
    }

    private static MessageDigest sha256() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("this Java has no SHA-256", e);
        }
    }
}
