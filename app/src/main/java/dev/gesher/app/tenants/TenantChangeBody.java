package dev.gesher.app.tenants;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectReader;
import com.fasterxml.jackson.databind.json.JsonMapper;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.tenant.Tenant.OnUnknown;
import dev.gesher.tenant.Tenants;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What is to be changed of a tenant, as a JSON merge patch (RFC 7396): what is left out stays, and
 * {@code null} brings the default back.
 */
@Serdeable
@Schema(
        name = "TenantChange",
        description = "A JSON merge patch: what is left out stays, null brings the default back")
record TenantChangeBody(
        @Schema(maxLength = 200, description = "Has no default") @Nullable String name,
        @Nullable String locale,
        @Nullable String region,
        @JsonProperty("on_unknown")
                @Schema(
                        type = "string",
                        allowableValues = {"fail", "resend"})
                @Nullable String onUnknown) {
    private static final Set<String> FIELDS = Set.of("name", "locale", "region", "on_unknown");
    private static final int LONGEST_NAME = 200;
    private static final ObjectReader JSON =
            JsonMapper.builder()
                    .enable(JsonParser.Feature.STRICT_DUPLICATE_DETECTION)
                    .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
                    .build()
                    .readerFor(JsonNode.class);

    /**
     * Reads a body.
     *
     * @throws ProblemException if it is no merge patch of a tenant
     */
    static Tenants.Change read(byte @Nullable [] body) {
        var json = object(body == null ? new byte[0] : body);
        return new Tenants.Change(
                value(json, "name", Optional.empty(), TenantChangeBody::name),
                value(json, "locale", Optional.of(Places.DEFAULT_LOCALE), Places::locale),
                value(
                        json,
                        "region",
                        Optional.of(Places.DEFAULT_REGION),
                        it -> Optional.of(it).filter(Places::isRegion)),
                value(
                        json,
                        "on_unknown",
                        Optional.of(OnUnknown.FAIL),
                        TenantChangeBody::onUnknown));
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
                            // As JSON pointers write a name (RFC 6901).
                            var escaped = name.replace("~", "~0").replace("/", "~1");
                            throw bad(ProblemKind.FIELD_UNKNOWN, escaped);
                        }
                    });
            return json;
        } catch (JsonProcessingException malformed) {
            throw new ProblemException(ProblemKind.MALFORMED_JSON);
        } catch (IOException e) {
            throw new IllegalStateException("reading from memory failed", e);
        }
    }

    private static <T> Optional<T> value(
            JsonNode json,
            String field,
            Optional<T> byDefault,
            Function<String, Optional<T>> parsed) {
        var node = json.get(field);
        if (node == null) {
            return Optional.empty();
        }
        if (node.isNull()) {
            return Optional.of(byDefault.orElseThrow(() -> bad(ProblemKind.FIELD_REQUIRED, field)));
        }
        var value = node.isTextual() ? parsed.apply(node.textValue()) : Optional.<T>empty();
        return Optional.of(value.orElseThrow(() -> bad(ProblemKind.FIELD_INVALID, field)));
    }

    private static Optional<String> name(String text) {
        return text.isBlank()
                        || text.length() > LONGEST_NAME
                        || text.chars().anyMatch(Character::isISOControl)
                ? Optional.empty()
                : Optional.of(text);
    }

    private static Optional<OnUnknown> onUnknown(String text) {
        return switch (text) {
            case "fail" -> Optional.of(OnUnknown.FAIL);
            case "resend" -> Optional.of(OnUnknown.RESEND);
            default -> Optional.empty();
        };
    }

    private static ProblemException bad(ProblemKind kind, String field) {
        return new ProblemException(kind).with("pointer", "/" + field);
    }
}
