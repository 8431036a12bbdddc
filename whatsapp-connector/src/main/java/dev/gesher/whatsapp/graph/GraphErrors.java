package dev.gesher.whatsapp.graph;

import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.SendResult.Scope;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * Every error code of Meta that we know, what it means for a send, and what it says about the
 * connection. Nothing outside this package knows a code's meaning.
 *
 * <p>Source: <a
 * href="https://developers.facebook.com/documentation/business-messaging/whatsapp/support/error-codes">error
 * codes</a> (Nov 2025 and May 2026), the Graph API's general codes, and the pages of each product.
 */
public final class GraphErrors {
    /** What a code means for the call that got it. */
    public enum Kind {
        /** Not done; the same call may succeed later. */
        RETRY_LATER,
        /** Not done; nothing on this number can be until someone mends the cause. */
        PARKS,
        /** Not done; the customer service window is closed. */
        WINDOW_CLOSED,
        /** Not done, and never will be as it is. */
        REFUSED,
        /** May have been done. */
        AMBIGUOUS
    }

    /**
     * One line of the catalogue.
     *
     * @param from first code of the range
     * @param to last code of the range, usually the same
     * @param scope what should slow down, when {@code kind} is {@code RETRY_LATER}
     * @param cause what is wrong with the connection, when {@code kind} is {@code PARKS}
     * @param after how long to wait at least, where Meta names a time
     */
    public record Entry(
            int from,
            int to,
            Kind kind,
            Optional<Scope> scope,
            Optional<ConnectionCause> cause,
            Optional<Duration> after,
            String meaning) {}

    static final int WINDOW_CLOSED = 131047;
    static final int DEREGISTRATION_UNFINISHED = 133000;
    static final int PIN_MISMATCH = 133005;
    static final int NUMBER_NOT_VERIFIED = 133006;
    static final int PIN_GUESSES_TOO_MANY = 133008;
    static final int PIN_GUESSES_TOO_FAST = 133009;
    static final int REGISTRATION_LIMIT = 133016;
    static final int SYNC_REPEATED = 2593107;
    static final int SYNC_TOO_LATE = 2593108;
    static final int SYNC_DECLINED = 2593109;

    private static final List<Entry> CATALOGUE =
            new Table()
                    // The token, and what it may do
                    .parks(0, ConnectionCause.TOKEN_INVALID, "token unusable")
                    .parks(190, ConnectionCause.TOKEN_INVALID, "token expired or revoked")
                    .parks(3, ConnectionCause.PERMISSION_LOST, "capability missing")
                    .parks(10, ConnectionCause.PERMISSION_LOST, "permission removed")
                    .parks(200, 299, ConnectionCause.PERMISSION_LOST, "access missing")
                    .parks(131005, ConnectionCause.PERMISSION_LOST, "access denied")
                    // The account and the number
                    .parks(368, ConnectionCause.RESTRICTED, "blocked for policy violation")
                    .parks(131031, ConnectionCause.RESTRICTED, "account locked")
                    .parks(131042, ConnectionCause.PAYMENT_REQUIRED, "payment problem")
                    .parks(131044, ConnectionCause.PAYMENT_REQUIRED, "payment problem (calling)")
                    .parks(131045, ConnectionCause.NUMBER_UNREGISTERED, "certificate problem")
                    .parks(133010, ConnectionCause.NUMBER_UNREGISTERED, "number not registered")
                    // Nobody knows
                    .ambiguous(1, "unknown API error")
                    .ambiguous(2, "service temporarily down")
                    .ambiguous(131000, "something went wrong")
                    .ambiguous(131016, "service unavailable")
                    // Too fast, or not now
                    .later(4, Scope.ACCOUNT, null, "the app's call limit")
                    .later(17, Scope.ACCOUNT, null, "the user's call limit")
                    .later(613, Scope.ACCOUNT, null, "the edge's call limit")
                    .later(80007, Scope.ACCOUNT, null, "the WABA's call limit")
                    .later(130429, Scope.NUMBER, null, "the number's throughput")
                    .later(131056, Scope.PAIR, null, "too many messages to one recipient")
                    .later(131057, Scope.NUMBER, Duration.ofMinutes(1), "throughput upgrade")
                    .later(131059, Scope.CALL, null, "invalid cursor: read again without it")
                    .later(132069, Scope.CALL, null, "flow throttled")
                    .later(133004, Scope.CALL, null, "server temporarily unavailable")
                    .later(PIN_GUESSES_TOO_MANY, Scope.CALL, null, "too many PIN guesses")
                    .later(PIN_GUESSES_TOO_FAST, Scope.CALL, null, "PIN guessed too fast")
                    .later(133015, Scope.NUMBER, Duration.ofMinutes(5), "number just deleted")
                    .later(134101, Scope.CALL, Duration.ofMinutes(10), "marketing is syncing")
                    .later(136024, Scope.CALL, null, "code request failed")
                    .later(136025, Scope.CALL, null, "code verification failed")
                    // The window
                    .window(WINDOW_CLOSED, "more than 24 h since the customer last wrote")
                    // The request
                    .refused(33, "object deleted or not visible")
                    .refused(100, "invalid parameter")
                    .refused(131008, "required parameter missing")
                    .refused(131009, "parameter value invalid")
                    .refused(131051, "unsupported message type")
                    .refused(131055, "method not allowed")
                    .refused(135000, "generic error in the request")
                    // The recipient
                    .refused(130403, "recipient is on our block list")
                    .refused(130472, "recipient is in an experiment group")
                    .refused(130497, "country not allowed for this WABA")
                    .refused(131021, "recipient is the sender")
                    .refused(131026, "undeliverable")
                    .refused(131030, "recipient not in the test number's list")
                    .refused(131048, "spam rate limit")
                    .refused(131049, "Meta chose not to deliver")
                    .refused(131050, "recipient stopped marketing")
                    .refused(131062, "user id not allowed for this message")
                    .refused(137000, "identity key mismatch")
                    // The sender
                    .refused(131037, "display name not approved")
                    .refused(131063, "marketing disabled for this WABA")
                    .refused(131064, "limited for misclassified templates")
                    .refused(134011, "payments terms not accepted")
                    .refused(134100, "marketing eligibility")
                    .refused(134102, 134103, "marketing eligibility")
                    // Media
                    .refused(131052, "media not downloadable")
                    .refused(131053, "media upload or fetch failed")
                    .refused(131060, "content not available to companions")
                    // Templates and flows
                    .refused(132000, "parameter count mismatch")
                    .refused(132001, "template missing in this language")
                    .refused(132005, "template text too long")
                    .refused(132007, "template content policy")
                    .refused(132008, "parameter value invalid")
                    .refused(132012, "parameter format mismatch")
                    .refused(132015, "template paused")
                    .refused(132016, "template disabled")
                    .refused(132018, "template parameter problem")
                    .refused(132068, "flow blocked")
                    .refused(2388019, "template count limit")
                    .refused(2388039, 2388040, "template length")
                    .refused(2388047, "template header")
                    .refused(2388072, 2388073, "template body or footer")
                    .refused(2388293, "too many variables for the text")
                    .refused(2388299, "variable at the start or the end")
                    .refused(200005, 200007, "template insights")
                    // Registration, migration, onboarding
                    .refused(DEREGISTRATION_UNFINISHED, "earlier deregistration incomplete")
                    .refused(PIN_MISMATCH, "two-step PIN mismatch")
                    .refused(NUMBER_NOT_VERIFIED, "number must be verified first")
                    .refused(REGISTRATION_LIMIT, "registration limit, 72 h")
                    .refused(1752041, "duplicate onboarding request")
                    .refused(2388001, "number migration")
                    .refused(2388012, "number migration")
                    .refused(2388091, "number migration")
                    .refused(2388093, "number migration")
                    .refused(2388103, "number migration")
                    .refused(2494100, "number in maintenance")
                    .refused(2494164, 2494179, "in-app signup")
                    .refused(2593079, "WABA mobility")
                    .refused(2593085, "WABA mobility")
                    .refused(SYNC_REPEATED, "coexistence sync repeated")
                    .refused(SYNC_TOO_LATE, "coexistence sync too late")
                    .refused(SYNC_DECLINED, "coexistence sync declined")
                    // Products that Gesher does not use
                    .refused(131020, "groups")
                    .refused(131041, "groups")
                    .refused(131201, 131215, "groups")
                    .refused(138000, 138018, "calling")
                    .refused(139000, 139004, "flows, blocked users")
                    .refused(139100, 139103, "blocked users")
                    .refused(147001, 147005, "business usernames")
                    .entries();

    private static final NavigableMap<Integer, Entry> BY_FIRST_CODE = byFirstCode();

    private GraphErrors() {}

    /** The whole catalogue. */
    public static List<Entry> catalogue() {
        return CATALOGUE;
    }

    /** The entry of {@code code}, if it is known. */
    public static Optional<Entry> find(int code) {
        return Optional.ofNullable(BY_FIRST_CODE.floorEntry(code))
                .map(Map.Entry::getValue)
                .filter(entry -> code <= entry.to());
    }

    /** Whether {@code code} says that the customer service window was closed. */
    public static boolean isWindowClosed(int code) {
        return code == WINDOW_CLOSED;
    }

    private static NavigableMap<Integer, Entry> byFirstCode() {
        var map = new TreeMap<Integer, Entry>();
        for (var entry : CATALOGUE) {
            var before = map.floorEntry(entry.to());
            if (before != null && before.getValue().to() >= entry.from()) {
                throw new IllegalStateException("two entries for code " + entry.from());
            }
            map.put(entry.from(), entry);
        }
        return map;
    }

    private static final class Table {
        private final List<Entry> entries = new ArrayList<>();

        Table parks(int code, ConnectionCause cause, String meaning) {
            return parks(code, code, cause, meaning);
        }

        Table parks(int from, int to, ConnectionCause cause, String meaning) {
            return add(from, to, Kind.PARKS, null, cause, null, meaning);
        }

        Table ambiguous(int code, String meaning) {
            return add(code, code, Kind.AMBIGUOUS, null, null, null, meaning);
        }

        Table later(int code, Scope scope, @Nullable Duration after, String meaning) {
            return add(code, code, Kind.RETRY_LATER, scope, null, after, meaning);
        }

        Table window(int code, String meaning) {
            return add(code, code, Kind.WINDOW_CLOSED, null, null, null, meaning);
        }

        Table refused(int code, String meaning) {
            return refused(code, code, meaning);
        }

        Table refused(int from, int to, String meaning) {
            return add(from, to, Kind.REFUSED, null, null, null, meaning);
        }

        List<Entry> entries() {
            return List.copyOf(entries);
        }

        private Table add(
                int from,
                int to,
                Kind kind,
                @Nullable Scope scope,
                @Nullable ConnectionCause cause,
                @Nullable Duration after,
                String meaning) {
            entries.add(
                    new Entry(
                            from,
                            to,
                            kind,
                            Optional.ofNullable(scope),
                            Optional.ofNullable(cause),
                            Optional.ofNullable(after),
                            meaning));
            return this;
        }
    }
}
