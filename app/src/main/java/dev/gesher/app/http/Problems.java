package dev.gesher.app.http;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.app.text.Language;
import dev.gesher.app.text.Texts;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MediaType;
import io.micronaut.http.MutableHttpResponse;
import jakarta.inject.Singleton;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Writes problem documents (RFC 9457) in the caller's language. */
@Singleton
public final class Problems {
    /** The media type of a problem document. */
    public static final String MEDIA_TYPE = "application/problem+json";

    private final Texts texts;
    private final ObjectMapper json = new ObjectMapper();

    Problems(Texts texts) {
        this.texts = texts;
    }

    /** Turns {@code response} into the document of {@code kind}. */
    public MutableHttpResponse<byte[]> fill(
            MutableHttpResponse<?> response,
            HttpRequest<?> request,
            ProblemKind kind,
            Map<String, ?> extras) {
        var language = Language.preferred(request.getHeaders().get(HttpHeaders.ACCEPT_LANGUAGE));
        return response.status(kind.status())
                .contentType(new MediaType(MEDIA_TYPE))
                .header(HttpHeaders.CONTENT_LANGUAGE, language.tag())
                .header(HttpHeaders.CACHE_CONTROL, "no-store")
                .body(document(kind, language, Correlation.of(request), extras));
    }

    /** The JSON of a problem, in UTF-8; {@code extras} are further members of it. */
    public byte[] document(
            ProblemKind kind, Language language, String correlation, Map<String, ?> extras) {
        var arguments = new LinkedHashMap<String, Object>(extras);
        arguments.putIfAbsent("limit", 0);
        arguments.putIfAbsent("actual", 0);
        if (extras.get("reasons") instanceof List<?> reasons) {
            arguments.put("reasons", sentences(language, reasons));
        }
        var document = new LinkedHashMap<String, Object>();
        document.put("type", kind.type());
        document.put("title", texts.get(language, "problem." + kind.code() + ".title"));
        document.put("status", kind.status().getCode());
        document.put("code", kind.code());
        document.put(
                "detail", texts.get(language, "problem." + kind.code() + ".detail", arguments));
        document.put("correlation_id", correlation);
        document.putAll(extras);
        return bytes(document);
    }

    /** What the codes say, one sentence after the other; a code without a sentence says itself. */
    private String sentences(Language language, List<?> reasons) {
        return reasons.stream()
                .map(reason -> sentence(language, reason.toString()))
                .collect(Collectors.joining(" "));
    }

    private String sentence(Language language, String code) {
        return Stream.of("reason.", "failure.")
                .map(prefix -> prefix + code)
                .filter(texts::has)
                .findFirst()
                .map(key -> texts.get(language, key))
                .orElse(code);
    }

    private byte[] bytes(Map<String, Object> document) {
        try {
            return json.writeValueAsBytes(document);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("a problem document could not be written", e);
        }
    }
}
