package dev.gesher.whatsapp.account;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Vault;
import dev.gesher.whatsapp.MetaSettings;
import dev.gesher.whatsapp.account.Suspicions.Question;
import dev.gesher.whatsapp.graph.GraphApi;
import dev.gesher.whatsapp.graph.GraphReply;
import jakarta.inject.Singleton;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Asks Graph whether what a webhook told of an account is so. */
@Singleton
final class Proofs {
    private static final Logger log = LoggerFactory.getLogger(Proofs.class);
    private static final Set<String> CONNECTED = Set.of("CONNECTED", "FLAGGED", "RATE_LIMITED");

    private static final Set<String> OURS =
            Set.of("whatsapp_business_management", "whatsapp_business_messaging");

    private final GraphApi graph;
    private final Vault vault;
    private final MetaSettings meta;

    Proofs(GraphApi graph, Vault vault, MetaSettings meta) {
        this.graph = graph;
        this.vault = vault;
        this.meta = meta;
    }

    /** What came of it. */
    enum Verdict {
        CONFIRMED,
        REFUTED,
        /** Graph did not say. */
        UNKNOWN
    }

    /** Calls Graph; never inside a transaction. */
    Verdict ask(Question question, TenantId tenant, String waba, String number) {
        var token = vault.open(tenant, SecretName.META_ACCESS_TOKEN, "account.proof");
        if (token.isEmpty()) {
            // Whoever has none reaches nothing.
            return question == Question.CAN_SEND ? Verdict.REFUTED : Verdict.CONFIRMED;
        }
        return switch (question) {
            case ACCESS_LOST -> access(token.get(), waba);
            case CANNOT_SEND -> sending(token.get(), number);
            case CAN_SEND ->
                    switch (sending(token.get(), number)) {
                        case CONFIRMED -> Verdict.REFUTED;
                        case REFUTED -> Verdict.CONFIRMED;
                        case UNKNOWN -> Verdict.UNKNOWN;
                    };
        };
    }

    /**
     * Whether the account is out of the token's reach. The token is looked at as our app first: a
     * wrong app secret must not look as if everybody had left.
     */
    private Verdict access(SecretText token, String waba) {
        var inspected = graph.debugToken(token);
        if (!(inspected instanceof GraphReply.Success(var body))) {
            return unknown(inspected);
        }
        var data = body.path("data");
        var isValid = data.path("is_valid");
        if (!isValid.isBoolean()) {
            return unknown(inspected);
        }
        if (!isValid.booleanValue()) {
            return Verdict.CONFIRMED;
        }
        if (!data.path("app_id").asText().equals(meta.appId())) {
            return Verdict.UNKNOWN;
        }
        if (excludes(data.path("granular_scopes"), waba)) {
            return Verdict.CONFIRMED;
        }
        var read = graph.account(token, waba);
        return switch (read) {
            case GraphReply.Success _ -> Verdict.REFUTED;
            case GraphReply.Refusal refusal when refusal.isOutOfReach() -> Verdict.CONFIRMED;
            default -> unknown(read);
        };
    }

    /** Whether a permission that we need names accounts, and not this one. */
    private static boolean excludes(JsonNode granularScopes, String waba) {
        for (var scope : granularScopes) {
            var targets = scope.path("target_ids");
            if (OURS.contains(scope.path("scope").asText())
                    && targets.isArray()
                    && !contains(targets, waba)) {
                return true;
            }
        }
        return false;
    }

    private static boolean contains(JsonNode targets, String waba) {
        for (var target : targets) {
            if (target.asText().equals(waba)) {
                return true;
            }
        }
        return false;
    }

    /** Whether the number cannot send. */
    private Verdict sending(SecretText token, String number) {
        var read = graph.health(token, number);
        return switch (read) {
            case GraphReply.Success(var node) when !tells(node) -> unknown(read);
            case GraphReply.Success(var node) -> sends(node) ? Verdict.REFUTED : Verdict.CONFIRMED;
            case GraphReply.Refusal refusal when refusal.isOutOfReach() -> Verdict.CONFIRMED;
            default -> unknown(read);
        };
    }

    private static boolean tells(JsonNode number) {
        return number.path("status").isTextual()
                || number.at("/health_status/can_send_message").isTextual();
    }

    private static boolean sends(JsonNode number) {
        var status = number.path("status").textValue();
        return (status == null || CONNECTED.contains(status))
                && !number.at("/health_status/can_send_message").asText().equals("BLOCKED");
    }

    private static Verdict unknown(GraphReply reply) {
        log.info("proof reply={}", reply);
        return Verdict.UNKNOWN;
    }
}
