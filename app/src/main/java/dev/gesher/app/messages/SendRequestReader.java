package dev.gesher.app.messages;

import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gesher.app.http.Correlation;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Caller;
import dev.gesher.conversation.SendRequest;
import dev.gesher.conversation.SendRequest.Idempotency;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContents;
import io.micronaut.http.HttpRequest;
import jakarta.inject.Singleton;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Reads the body of a send request. A field that is misspelt must not be lost quietly, so unknown
 * and repeated fields are refused.
 */
@Singleton
final class SendRequestReader {
    private static final Set<String> FIELDS =
            Set.of("to", "content", "template", "routing", "reference", "expires_at");
    private static final Pattern KEY = Pattern.compile("[\\x21-\\x7E]{1,255}");
    private static final ObjectReader JSON =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build()
                    .readerFor(JsonNode.class);

    private final MessageContents contents;

    SendRequestReader(MessageContents contents) {
        this.contents = contents;
    }

    /**
     * @throws ProblemException if the body can't be read as a send request
     */
    SendRequest read(
            HttpRequest<?> request, Caller caller, byte @Nullable [] body, @Nullable String key) {
        var json = object(body == null ? new byte[0] : body);
        return new SendRequest(
                caller.tenant(),
                caller.clientId(),
                text(json, "to").orElseThrow(() -> bad(ProblemKind.RECIPIENT_REQUIRED, "/to")),
                present(json, "content").map(it -> good(contents.content(it, "/content"))),
                present(json, "template")
                        .map(it -> good(contents.template(it, "/template")))
                        .map(MessageContent.Template.class::cast),
                routing(json),
                text(json, "reference"),
                text(json, "expires_at").map(SendRequestReader::instant),
                Optional.ofNullable(key).map(it -> idempotency(request, it, body)),
                Correlation.of(request),
                Optional.ofNullable(request.getHeaders().get("traceparent")));
    }

    private static JsonNode object(byte[] body) {
        try {
            JsonNode json = JSON.readValue(body);
            if (json == null || !json.isObject()) {
                throw new ProblemException(ProblemKind.MALFORMED_JSON);
            }
            json.fieldNames()
                    .forEachRemaining(name -> {
                        if (!FIELDS.contains(name)) {
                            throw bad(ProblemKind.FIELD_UNKNOWN, "/" + escaped(name));
                        }
                    });
            return json;
        } catch (JsonProcessingException malformed) {
            throw new ProblemException(ProblemKind.MALFORMED_JSON);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
    }

    private static Optional<JsonNode> present(JsonNode json, String field) {
        return Optional.ofNullable(json.get(field)).filter(node -> !node.isNull());
    }

    private static Optional<String> text(JsonNode json, String field) {
        return present(json, field)
                .map(node -> {
                    // PostgreSQL keeps no U+0000, and no other control character belongs here.
                    if (!node.isTextual()
                            || node.textValue().chars().anyMatch(Character::isISOControl)) {
                        throw bad(ProblemKind.FIELD_INVALID, "/" + field);
                    }
                    return node.textValue();
                });
    }

    private static Routing routing(JsonNode json) {
        return switch (text(json, "routing").orElse("auto")) {
            case "auto" -> Routing.AUTO;
            case "freeform" -> Routing.FREEFORM;
            case "template" -> Routing.TEMPLATE;
            default -> throw bad(ProblemKind.FIELD_INVALID, "/routing");
        };
    }

    private static Instant instant(String text) {
        try {
            return OffsetDateTime.parse(text).toInstant();
        } catch (DateTimeException malformed) {
            throw bad(ProblemKind.FIELD_INVALID, "/expires_at");
        }
    }

    private static MessageContent good(MessageContents.Parsed parsed) {
        return switch (parsed) {
            case MessageContents.Parsed.Good(var content) -> content;
            case MessageContents.Parsed.Bad(var code, var pointer, var limit, var actual) -> {
                var problem = bad(ProblemKind.ofField(code), pointer);
                throw limit == 0 ? problem : problem.with("limit", limit).with("actual", actual);
            }
        };
    }

    private static Idempotency idempotency(
            HttpRequest<?> request, String key, byte @Nullable [] body) {
        if (!KEY.matcher(key).matches()) {
            throw new ProblemException(ProblemKind.IDEMPOTENCY_KEY_INVALID);
        }
        return new Idempotency(
                key, request.getMethodName(), request.getPath(), fingerprint(request, body));
    }

    /**
     * SHA-256 of path, query and raw body, with separators that occur in neither of the first two.
     */
    private static byte[] fingerprint(HttpRequest<?> request, byte @Nullable [] body) {
        try {
            var digest = MessageDigest.getInstance("SHA-256");
            digest.update(request.getPath().getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            var query = request.getUri().getRawQuery();
            digest.update((query == null ? "" : query).getBytes(StandardCharsets.UTF_8));
            digest.update((byte) 0);
            return digest.digest(body == null ? new byte[0] : body);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    private static ProblemException bad(ProblemKind kind, String pointer) {
        return new ProblemException(kind).with("pointer", pointer);
    }

    /** As JSON pointers write a name (RFC 6901). */
    private static String escaped(String name) {
        return name.replace("~", "~0").replace("/", "~1");
    }
}
