package dev.gesher.simulator.world;

import java.time.Clock;
import java.util.List;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The whole simulated state, in memory only. */
public final class World {
    private static final List<String> ALL_FIELDS =
            List.of(
                    "account_alerts",
                    "account_review_update",
                    "account_update",
                    "business_capability_update",
                    "history",
                    "message_template_components_update",
                    "message_template_quality_update",
                    "message_template_status_update",
                    "messages",
                    "phone_number_name_update",
                    "phone_number_quality_update",
                    "security",
                    "smb_app_state_sync",
                    "smb_message_echoes",
                    "template_category_update",
                    "user_preferences");
    private static final List<String> BOTH_PERMISSIONS =
            List.of("whatsapp_business_management", "whatsapp_business_messaging");

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
    private final AtomicReference<List<String>> appFields = new AtomicReference<>(ALL_FIELDS);
    private final AtomicReference<List<String>> appPermissions =
            new AtomicReference<>(BOTH_PERMISSIONS);

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

    /** The webhook fields that the app is subscribed to. */
    public List<String> appFields() {
        return appFields.get();
    }

    public void appFields(List<String> fields) {
        appFields.set(List.copyOf(fields));
    }

    /** The permissions that the app was approved for. */
    public List<String> appPermissions() {
        return appPermissions.get();
    }

    public void appPermissions(List<String> permissions) {
        appPermissions.set(List.copyOf(permissions));
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
        appFields.set(ALL_FIELDS);
        appPermissions.set(BOTH_PERMISSIONS);
        clock.reset();
    }
}
