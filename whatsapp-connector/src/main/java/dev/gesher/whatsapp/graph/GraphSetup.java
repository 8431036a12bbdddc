package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.MetaSetup;
import jakarta.inject.Singleton;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks Graph about our own app, all questions at once. */
@Singleton
final class GraphSetup implements MetaSetup {
    private static final Logger log = LoggerFactory.getLogger(GraphSetup.class);
    private static final Duration PATIENCE = Duration.ofSeconds(10);
    private static final String ACCOUNTS = "whatsapp_business_account";

    /** As docs/meta-setup.md lists them; those of numbers in the Business app are not needed. */
    private static final List<String> FIELDS =
            List.of(
                    "messages",
                    "account_update",
                    "account_review_update",
                    "account_alerts",
                    "business_capability_update",
                    "message_template_status_update",
                    "message_template_quality_update",
                    "message_template_components_update",
                    "template_category_update",
                    "phone_number_quality_update",
                    "phone_number_name_update",
                    "security",
                    "user_preferences");

    private static final List<String> PERMISSIONS =
            List.of("whatsapp_business_management", "whatsapp_business_messaging");

    private final GraphApi graph;
    private final GraphVersionWatch versions;
    private final MetaSettings meta;

    GraphSetup(GraphApi graph, GraphVersionWatch versions, MetaSettings meta) {
        this.graph = graph;
        this.versions = versions;
        this.meta = meta;
    }

    @Override
    public List<Check> checks(String callbackUrl) {
        var credentials = ask(graph::debugAppToken);
        var subscriptions = ask(graph::appSubscriptions);
        var permissions = ask(graph::appPermissions);
        var checks = new ArrayList<Check>();
        checks.add(credentials(credentials.join()));
        checks.addAll(webhooks(subscriptions.join(), callbackUrl));
        checks.add(given(Code.VERIFY_TOKEN, meta.verifyToken() != null));
        checks.add(given(Code.LOGIN_CONFIGURATION, !meta.configId().isBlank()));
        checks.add(permissions(permissions.join()));
        checks.add(version());
        checks.add(
                new Check(
                        Code.PREVIOUS_APP_SECRET,
                        // Whether Meta still signs with it nobody can tell us.
                        meta.appSecretPrevious() == null ? State.OK : State.UNKNOWN,
                        Map.of()));
        checks.add(new Check(Code.CALLBACK_ADDRESSES, State.UNKNOWN, Map.of()));
        return List.copyOf(checks);
    }

    private static CompletableFuture<GraphReply> ask(Supplier<GraphReply> question) {
        var answer = new CompletableFuture<GraphReply>();
        var _ =
                Thread.ofVirtual()
                        .name("meta-setup")
                        .start(() -> {
                            try {
                                answer.complete(question.get());
                            } catch (RuntimeException e) {
                                log.warn("a question about our app could not be asked", e);
                                answer.complete(new GraphReply.NeverLeft("internal_error"));
                            }
                        });
        return answer.completeOnTimeout(
                new GraphReply.NoAnswer("timeout"), PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
    }

    private static Check given(Code code, boolean given) {
        return new Check(code, given ? State.OK : State.MISSING, Map.of());
    }

    private Check credentials(GraphReply reply) {
        return switch (reply) {
            case GraphReply.Success(var body) -> {
                boolean ours =
                        body.at("/data/is_valid").asBoolean(false)
                                && body.at("/data/app_id").asText().equals(meta.appId());
                yield new Check(Code.APP_CREDENTIALS, ours ? State.OK : State.MISSING, Map.of());
            }
            // Whatever Meta says of a token that is made of nothing but the two, unless it is
            // busy.
            case GraphReply.Refusal refusal when isFinal(refusal) ->
                    new Check(
                            Code.APP_CREDENTIALS,
                            State.MISSING,
                            Map.of("error", refusal.error().codeText()));
            case GraphReply other -> unknown(Code.APP_CREDENTIALS, other);
        };
    }

    private static boolean isFinal(GraphReply.Refusal refusal) {
        return refusal.status() < 500 && refusal.status() != 429 && !refusal.error().isTransient();
    }

    private static List<Check> webhooks(GraphReply reply, String callbackUrl) {
        if (!(reply instanceof GraphReply.Success(var body))) {
            return List.of(
                    unknown(Code.WEBHOOK_SUBSCRIPTION, reply),
                    unknown(Code.WEBHOOK_CALLBACK, reply),
                    unknown(Code.WEBHOOK_FIELDS, reply));
        }
        var subscription = subscription(body);
        if (subscription.isEmpty()) {
            return List.of(
                    new Check(Code.WEBHOOK_SUBSCRIPTION, State.MISSING, Map.of()),
                    new Check(
                            Code.WEBHOOK_CALLBACK,
                            State.MISSING,
                            Map.of("found", "-", "expected", callbackUrl)),
                    new Check(
                            Code.WEBHOOK_FIELDS,
                            State.MISSING,
                            Map.of("missing", String.join(", ", FIELDS))));
        }
        var found = subscription.get().path("callback_url").asText("-");
        var missing = missing(subscription.get());
        return List.of(
                new Check(
                        Code.WEBHOOK_SUBSCRIPTION,
                        subscription.get().path("active").asBoolean(true)
                                ? State.OK
                                : State.MISSING,
                        Map.of()),
                new Check(
                        Code.WEBHOOK_CALLBACK,
                        found.equals(callbackUrl) ? State.OK : State.MISSING,
                        Map.of("found", found, "expected", callbackUrl)),
                new Check(
                        Code.WEBHOOK_FIELDS,
                        missing.isEmpty() ? State.OK : State.MISSING,
                        Map.of("missing", String.join(", ", missing))));
    }

    private static Optional<JsonNode> subscription(JsonNode body) {
        for (var one : body.path("data")) {
            if (one.path("object").asText().equals(ACCOUNTS)) {
                return Optional.of(one);
            }
        }
        return Optional.empty();
    }

    /** Older versions write names where newer ones write objects with a name and a version. */
    private static List<String> missing(JsonNode subscription) {
        var found = new HashSet<String>();
        for (var field : subscription.path("fields")) {
            found.add(field.isTextual() ? field.textValue() : field.path("name").asText());
        }
        return FIELDS.stream().filter(field -> !found.contains(field)).toList();
    }

    private static Check permissions(GraphReply reply) {
        if (!(reply instanceof GraphReply.Success(var body))) {
            return unknown(Code.PERMISSIONS, reply);
        }
        var live = new HashSet<String>();
        for (var one : body.path("data")) {
            if (one.path("status").asText().equals("live")) {
                live.add(one.path("permission").asText());
            }
        }
        var missing = new TreeSet<>(PERMISSIONS);
        missing.removeAll(live);
        return new Check(
                Code.PERMISSIONS,
                missing.isEmpty() ? State.OK : State.MISSING,
                Map.of("missing", String.join(", ", missing)));
    }

    private Check version() {
        var standing = versions.standing();
        var state =
                switch (standing.state()) {
                    case SERVED -> State.OK;
                    case ENDING, RETIRED -> State.MISSING;
                    case UNKNOWN -> State.UNKNOWN;
                };
        return new Check(
                Code.GRAPH_VERSION,
                state,
                Map.of(
                        "version",
                        standing.version(),
                        "until",
                        standing.until().map(Object::toString).orElse("-")));
    }

    private static Check unknown(Code code, GraphReply reply) {
        var why =
                switch (reply) {
                    case GraphReply.Success _ -> "success";
                    case GraphReply.Refusal refusal -> refusal.error().codeText();
                    case GraphReply.Strange(var status) -> "http_" + status;
                    case GraphReply.NeverLeft(var reason) -> reason;
                    case GraphReply.NoAnswer(var reason) -> reason;
                };
        return new Check(code, State.UNKNOWN, Map.of("error", why));
    }
}
