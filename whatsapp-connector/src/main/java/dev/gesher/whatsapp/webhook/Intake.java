package dev.gesher.whatsapp.webhook;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.LogKeys;
import dev.gesher.tenant.Meters;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.db.BatchWriter;
import dev.gesher.tenant.db.BatchWriters;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.WebhookIntake;
import jakarta.inject.Singleton;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Takes bodies into the inbox. */
@Singleton
final class Intake implements WebhookIntake {
    private static final Logger LOG = LoggerFactory.getLogger(Intake.class);
    private static final String UNAVAILABLE = "unavailable";
    private static final String CONFIRMED = "handshake.confirmed";
    private static final String NOT_CONFIRMED = "handshake.refused";
    private static final Duration RETRY_AFTER = Duration.ofSeconds(5);

    private static final Meters.Times COMMIT =
            Meters.times("gesher.webhook.commit", "From a body that has come whole to its commit")
                    .known();

    /** One: what comes while it commits is its next batch, and two would halve the batches. */
    private static final int WRITERS = 1;

    private static final int MAX_WAITING_BODIES = 20_000;

    private final WebhookSignature signature;
    private final @Nullable SecretText verifyToken;
    private final DayKeys dayKeys;
    private final Days days;
    private final Clock clock;
    private final WebhookCounters counters;
    private final BatchWriter<InboxRows.Body, Boolean> writer;
    private final RefusalLines lines;

    Intake(
            WebhookSignature signature,
            MetaSettings settings,
            DayKeys dayKeys,
            Days days,
            Clock clock,
            WebhookCounters counters,
            BatchWriters writers,
            Wakeups wakeups) {
        this.signature = signature;
        this.verifyToken = settings.verifyToken();
        this.dayKeys = dayKeys;
        this.days = days;
        this.clock = clock;
        this.counters = counters;
        this.lines = new RefusalLines(clock);
        // There from the start, so that the first one is seen to be more than none.
        for (var name :
                List.of("received", "received_bytes", UNAVAILABLE, CONFIRMED, NOT_CONFIRMED)) {
            counters.add(name, 0);
        }
        for (var refusal : Refusal.values()) {
            counters.add(name(refusal), 0);
        }
        this.writer =
                writers.start(
                        "webhook-intake",
                        new BatchWriter.Bounds(WRITERS, MAX_WAITING_BODIES, MAX_WAITING),
                        new InboxRows(wakeups));
    }

    @Override
    public Handshake handshake(
            @Nullable String mode, @Nullable String token, @Nullable String challenge) {
        if (challenge != null && "subscribe".equals(mode) && isVerifyToken(token)) {
            counters.add(CONFIRMED, 1);
            return new Handshake.Confirmed(challenge);
        }
        counters.add(NOT_CONFIRMED, 1);
        return new Handshake.Refused();
    }

    private boolean isVerifyToken(@Nullable String token) {
        return verifyToken != null
                && token != null
                && !token.isBlank()
                && verifyToken.matches(SecretText.of(token));
    }

    @Override
    public Optional<Refusal> preflight(
            @Nullable String signatureHeader,
            @Nullable String contentEncoding,
            long contentLength) {
        var refusal = refusalBefore(signatureHeader, contentEncoding, contentLength);
        refusal.ifPresent(it -> refuse(it, null));
        return refusal;
    }

    private Optional<Refusal> refusalBefore(
            @Nullable String signatureHeader, @Nullable String contentEncoding, long length) {
        return switch (WebhookSignature.form(signatureHeader)) {
            case MISSING -> Optional.of(Refusal.SIGNATURE_MISSING);
            case MALFORMED -> Optional.of(Refusal.SIGNATURE_MALFORMED);
            case WRONG, RIGHT -> {
                if (contentEncoding != null
                        && !contentEncoding.isBlank()
                        && !contentEncoding.strip().equalsIgnoreCase("identity")) {
                    yield Optional.of(Refusal.ENCODED);
                }
                if (length > MAX_BODY) {
                    yield Optional.of(Refusal.TOO_LARGE);
                }
                long waiting = writer.stats().waitingBytes() + Math.max(0, length);
                yield waiting > MAX_WAITING ? Optional.of(Refusal.BUSY) : Optional.empty();
            }
        };
    }

    @Override
    public boolean mayBeRead(
            @Nullable String signatureHeader,
            @Nullable String contentEncoding,
            long contentLength) {
        return refusalBefore(signatureHeader, contentEncoding, contentLength).isEmpty();
    }

    @Override
    public Receipt receive(byte[] body, @Nullable String signatureHeader, String correlation) {
        var refusal = refusalOf(body, signatureHeader);
        if (refusal.isPresent()) {
            return refuse(refusal.get(), correlation);
        }
        try {
            var now = clock.instant();
            long began = System.nanoTime();
            days.ready(KeyDay.of(now));
            writer.write(sealed(body, now, correlation));
            return stored(body, began);
        } catch (DatabaseUnavailableException | DatabaseException e) {
            return notStored(e, correlation);
        }
    }

    @Override
    public boolean tryReceive(
            byte[] body,
            @Nullable String signatureHeader,
            String correlation,
            Consumer<Receipt> done) {
        var now = clock.instant();
        if (!days.isReady(KeyDay.of(now))) {
            return false;
        }
        var refusal = refusalOf(body, signatureHeader);
        if (refusal.isPresent()) {
            done.accept(refuse(refusal.get(), correlation));
            return true;
        }
        long began = System.nanoTime();
        var _ =
                writer.submit(sealed(body, now, correlation))
                        .whenComplete((ignored, failure) ->
                                done.accept(
                                        failure == null
                                                ? stored(body, began)
                                                : notStored(causeOf(failure), correlation)));
        return true;
    }

    private static Throwable causeOf(Throwable failure) {
        var cause = failure.getCause();
        return failure instanceof CompletionException && cause != null ? cause : failure;
    }

    private Optional<Refusal> refusalOf(byte[] body, @Nullable String signatureHeader) {
        if (body.length > MAX_BODY) {
            return Optional.of(Refusal.TOO_LARGE);
        }
        return switch (signature.check(signatureHeader, body)) {
            case MISSING -> Optional.of(Refusal.SIGNATURE_MISSING);
            case MALFORMED -> Optional.of(Refusal.SIGNATURE_MALFORMED);
            case WRONG -> Optional.of(Refusal.SIGNATURE_WRONG);
            case RIGHT -> Optional.empty();
        };
    }

    private InboxRows.Body sealed(byte[] body, Instant now, String correlation) {
        var id = UuidCreator.getTimeOrderedEpoch();
        var day = KeyDay.of(now);
        byte[] encrypted = dayKeys.encrypt(day, InboxRows.place(id), body);
        return new InboxRows.Body(id, now, day, encrypted, correlation);
    }

    private Receipt stored(byte[] body, long began) {
        COMMIT.since(began);
        counters.add("received", 1);
        counters.add("received_bytes", body.length);
        return new Receipt.Stored();
    }

    private Receipt notStored(Throwable e, String correlation) {
        if (!(e instanceof DatabaseUnavailableException)) {
            // Whatever is wrong is ours, and Meta repeats until it is mended.
            days.forget();
            dayKeys.forget();
            try (var _ = LogKeys.correlation(correlation)) {
                LOG.error("a webhook could not be stored", e);
            }
        }
        counters.add(UNAVAILABLE, 1);
        lines.write(UNAVAILABLE, correlation);
        return new Receipt.Unavailable(RETRY_AFTER);
    }

    @Override
    public void refused(Refusal refusal, String correlation) {
        refuse(refusal, correlation);
    }

    private static String name(Refusal refusal) {
        return "refused." + refusal.name().toLowerCase(Locale.ROOT);
    }

    /**
     * @param correlation null if the log's lines know it already
     */
    private Receipt refuse(Refusal refusal, @Nullable String correlation) {
        counters.add(name(refusal), 1);
        lines.write(refusal.name().toLowerCase(Locale.ROOT), correlation);
        return new Receipt.Refused(refusal);
    }
}
