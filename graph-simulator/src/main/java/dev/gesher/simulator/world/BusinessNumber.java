package dev.gesher.simulator.world;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashSet;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** A business phone number with its registration, PIN and throughput. Guarded by itself. */
public final class BusinessNumber {
    private static final int REGISTRATIONS = 10;
    private static final Duration REGISTRATION_WINDOW = Duration.ofDays(3);

    private final String id;
    private final String wabaId;
    private final String display;
    private final String digits;
    private final String verifiedName;
    private final boolean coexistence;
    private final Clock clock;
    private final Deque<Instant> registrations = new ArrayDeque<>();
    private final TokenBucket throughput;
    private final Set<String> synced = new HashSet<>();
    private @Nullable String pin;
    private boolean registered;
    private boolean codeVerified;
    private String throughputLevel;
    private String quality = "GREEN";
    private String nameStatus = "APPROVED";
    private String limitTier = "TIER_250";
    private @Nullable String statusOverride;
    private @Nullable Instant blockedUntil;
    private @Nullable Instant lastOnboarded;
    private @Nullable WebhookOverride webhookOverride;

    BusinessNumber(String id, String wabaId, String name, NumberSpec spec, Clock clock) {
        this.id = id;
        this.wabaId = wabaId;
        this.display = spec.displayPhoneNumber();
        this.digits = display.replaceAll("\\D", "");
        this.verifiedName = spec.verifiedName() == null ? name : spec.verifiedName();
        this.coexistence = spec.coexistence();
        this.pin = spec.pin();
        this.registered = spec.registered() || coexistence;
        this.codeVerified = spec.codeVerified() == null || spec.codeVerified();
        this.throughputLevel = spec.throughputLevel() == null ? "STANDARD" : spec.throughputLevel();
        this.clock = clock;
        this.lastOnboarded = registered ? clock.instant() : null;
        this.throughput = TokenBucket.perSecond(perSecond());
    }

    /** How a register or deregister call ended. */
    public enum Registration {
        DONE,
        TOO_MANY,
        NOT_VERIFIED,
        WRONG_PIN
    }

    public String id() {
        return id;
    }

    public String wabaId() {
        return wabaId;
    }

    public String display() {
        return display;
    }

    public String digits() {
        return digits;
    }

    public String callingCode() {
        return CallingCodes.of(digits);
    }

    public String verifiedName() {
        return verifiedName;
    }

    public boolean coexistence() {
        return coexistence;
    }

    /** A number with a PIN must be given that PIN; one without takes the PIN it is given. */
    public synchronized Registration register(String givenPin) {
        if (overLimit()) {
            return Registration.TOO_MANY;
        }
        if (!codeVerified) {
            return Registration.NOT_VERIFIED;
        }
        if (pin != null && !pin.equals(givenPin)) {
            return Registration.WRONG_PIN;
        }
        pin = givenPin;
        registered = true;
        lastOnboarded = clock.instant();
        return Registration.DONE;
    }

    public synchronized Registration deregister() {
        if (overLimit()) {
            return Registration.TOO_MANY;
        }
        registered = false;
        return Registration.DONE;
    }

    /**
     * Register and deregister share ten calls in 72 hours; the eleventh locks the number for 72
     * hours.
     */
    private boolean overLimit() {
        var now = clock.instant();
        if (blockedUntil != null && now.isBefore(blockedUntil)) {
            return true;
        }
        blockedUntil = null;
        while (!registrations.isEmpty()
                && !registrations.getFirst().isAfter(now.minus(REGISTRATION_WINDOW))) {
            registrations.removeFirst();
        }
        if (registrations.size() >= REGISTRATIONS) {
            blockedUntil = now.plus(REGISTRATION_WINDOW);
            return true;
        }
        registrations.addLast(now);
        return false;
    }

    /** Notes that this kind of app data was asked for; false when it was before. */
    public synchronized boolean sync(String type) {
        return synced.add(type);
    }

    public synchronized void setPin(String value) {
        pin = value;
    }

    public synchronized boolean pinSet() {
        return pin != null;
    }

    public synchronized boolean registered() {
        return registered;
    }

    public synchronized boolean codeVerified() {
        return codeVerified;
    }

    public synchronized String throughputLevel() {
        return registered ? throughputLevel : "NOT_APPLICABLE";
    }

    public synchronized String quality() {
        return quality;
    }

    public synchronized String nameStatus() {
        return nameStatus;
    }

    public synchronized String limitTier() {
        return limitTier;
    }

    public synchronized String status() {
        if (statusOverride != null) {
            return statusOverride;
        }
        return registered ? "CONNECTED" : codeVerified ? "PENDING" : "UNVERIFIED";
    }

    public synchronized @Nullable Instant lastOnboarded() {
        return lastOnboarded;
    }

    public synchronized @Nullable WebhookOverride webhookOverride() {
        return webhookOverride;
    }

    public synchronized void setWebhookOverride(@Nullable WebhookOverride value) {
        webhookOverride = value;
    }

    /**
     * Takes one message out of the number's throughput; false when the second's budget is spent.
     */
    public boolean takeThroughput() {
        return throughput.take(clock.instant());
    }

    /** Counts an inbound message: it uses the same budget but is never refused. */
    public void countInbound() {
        throughput.force(clock.instant());
    }

    /** Applies what the control API changes; an absent value stays as it is. */
    public synchronized void change(NumberChange change) {
        statusOverride = change.status() == null ? statusOverride : change.status();
        quality = change.qualityRating() == null ? quality : change.qualityRating();
        nameStatus = change.nameStatus() == null ? nameStatus : change.nameStatus();
        limitTier = change.messagingLimitTier() == null ? limitTier : change.messagingLimitTier();
        registered = change.registered() == null ? registered : change.registered();
        codeVerified = change.codeVerified() == null ? codeVerified : change.codeVerified();
        if (change.pin() != null) {
            pin = change.pin().isEmpty() ? null : change.pin();
        }
        if (change.throughputLevel() != null) {
            throughputLevel = change.throughputLevel();
            throughput.rate(perSecond());
        }
    }

    private int perSecond() {
        if (coexistence) {
            return 20;
        }
        return throughputLevel.equals("HIGH") ? 1000 : 80;
    }

    Business.PhoneNumber view() {
        return new Business.PhoneNumber(
                id, display, verifiedName, coexistence, registered(), pinSet());
    }
}
