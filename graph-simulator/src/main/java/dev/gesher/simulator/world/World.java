package dev.gesher.simulator.world;

import java.time.Clock;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The whole simulated state, in memory only. */
public final class World {
    private final App app;
    private final AdjustableClock clock;
    private final Ids ids;
    private final Accounts accounts;
    private final Tokens tokens;
    private final MediaStore media;
    private final Customers customers = new Customers();
    private final Conversations conversations;
    private final Faults faults;
    private final CallLog calls = new CallLog();
    private final AtomicReference<Quirks> quirks = new AtomicReference<>(Quirks.usual());
    private final AtomicReference<@Nullable String> webhookUrl;

    public World(App app, @Nullable String webhookUrl, Clock clock, long seed) {
        this.app = app;
        this.clock = new AdjustableClock(clock);
        this.ids = new Ids(seed);
        this.accounts = new Accounts(ids, this.clock);
        this.tokens = new Tokens(ids, this.clock, app.id());
        this.media = new MediaStore(ids, this.clock);
        this.conversations = new Conversations(ids);
        this.faults = new Faults(ids);
        this.webhookUrl = new AtomicReference<>(webhookUrl);
    }

    /** Our Meta app. */
    public record App(String id, String secret, String configId, String verifyToken) {
        /** The app token: id and secret joined by a bar. */
        public String token() {
            return id + "|" + secret;
        }

        @Override
        public String toString() {
            return "App[" + id + "]";
        }
    }

    public App app() {
        return app;
    }

    public AdjustableClock clock() {
        return clock;
    }

    public Ids ids() {
        return ids;
    }

    public Accounts accounts() {
        return accounts;
    }

    public Tokens tokens() {
        return tokens;
    }

    public MediaStore media() {
        return media;
    }

    public Customers customers() {
        return customers;
    }

    public Conversations conversations() {
        return conversations;
    }

    public Faults faults() {
        return faults;
    }

    public CallLog calls() {
        return calls;
    }

    public Quirks quirks() {
        return quirks.get();
    }

    public Quirks quirks(UnaryOperator<Quirks> change) {
        return quirks.updateAndGet(change);
    }

    public @Nullable String webhookUrl() {
        return webhookUrl.get();
    }

    public void webhookUrl(@Nullable String url) {
        webhookUrl.set(url);
    }

    /** Forgets everything but the app and the webhook address. */
    public void reset() {
        accounts.clear();
        tokens.clear();
        media.clear();
        customers.clear();
        conversations.clear();
        faults.clear();
        calls.clear();
        quirks.set(Quirks.usual());
        clock.reset();
    }
}
