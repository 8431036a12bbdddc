package dev.gesher.app.connection;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.gesher.app.config.Settings;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.text.Language;
import dev.gesher.app.text.Texts;
import dev.gesher.tenant.Mode;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.swagger.v3.oas.annotations.Hidden;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The page on which a business connects its number through Meta's Embedded Signup. */
@Controller("/connect")
@Secured(SecurityRule.IS_ANONYMOUS)
@Hidden
class ConnectPage {
    private static final Pattern PLACEHOLDER = Pattern.compile("\\{\\{([a-z._]+)}}");
    private static final String PREFIX = "connect.";

    private final Settings settings;
    private final Texts texts;
    private final String template = resource("connect.html");
    private final String script = resource("connect.js");
    private final String style = resource("connect.css");
    private final ObjectMapper json = new ObjectMapper();

    ConnectPage(Settings settings, Texts texts) {
        this.settings = settings;
        this.texts = texts;
    }

    /** In Hebrew, unless the browser or {@code ?lang=en} asks for English. */
    @Get
    @Produces("text/html; charset=utf-8")
    HttpResponse<String> page(HttpRequest<?> request, @QueryValue @Nullable String lang) {
        var configId =
                settings.meta()
                        .configId()
                        .orElseThrow(() -> new ProblemException(ProblemKind.SIGNUP_NOT_CONFIGURED));
        var language =
                Optional.ofNullable(lang)
                        .flatMap(Language::ofTag)
                        .orElseGet(() ->
                                Language.preferred(
                                        request.getHeaders().get(HttpHeaders.ACCEPT_LANGUAGE)));
        return HttpResponse.ok(html(language, configId))
                .header("Content-Security-Policy", contentSecurityPolicy())
                .header("Referrer-Policy", "no-referrer")
                .header("X-Frame-Options", "DENY")
                .header(HttpHeaders.CONTENT_LANGUAGE, language.tag())
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT_LANGUAGE)
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    /** What the page does. */
    @Get("/connect.js")
    @Produces("text/javascript; charset=utf-8")
    HttpResponse<String> script() {
        return HttpResponse.ok(script).header(HttpHeaders.CACHE_CONTROL, "no-cache");
    }

    /** How it looks. */
    @Get("/connect.css")
    @Produces("text/css; charset=utf-8")
    HttpResponse<String> style() {
        return HttpResponse.ok(style).header(HttpHeaders.CACHE_CONTROL, "no-cache");
    }

    private boolean isDemo() {
        return settings.mode() == Mode.DEMO;
    }

    /**
     * Scripts of ours and of Meta's SDK, and nothing else; the simulator's takes its place in demo
     * mode.
     */
    private String contentSecurityPolicy() {
        var graph = settings.meta().graphUrl().toString();
        var sdk = isDemo() ? graph : "https://connect.facebook.net";
        var meta = isDemo() ? graph : "https://*.facebook.com";
        return String.join(
                "; ",
                "default-src 'none'",
                "script-src 'self' " + sdk,
                "connect-src 'self' " + meta,
                "frame-src " + meta,
                "img-src 'self' " + meta,
                "style-src 'self'",
                "base-uri 'none'",
                "form-action 'none'",
                "frame-ancestors 'none'");
    }

    private String html(Language language, String configId) {
        return PLACEHOLDER
                .matcher(template)
                .replaceAll(found ->
                        java.util.regex.Matcher.quoteReplacement(value(found, language, configId)));
    }

    private String value(MatchResult found, Language language, String configId) {
        var name = found.group(1);
        return switch (name) {
            case "lang" -> language.tag();
            case "dir" -> language.direction();
            case "other.lang" -> other(language).tag();
            case "data" -> data(language, configId);
            default -> escaped(texts.get(language, PREFIX + name));
        };
    }

    private static Language other(Language language) {
        return language == Language.HEBREW ? Language.ENGLISH : Language.HEBREW;
    }

    /** What the script must know; a block of data, which the policy lets nobody run. */
    private String data(Language language, String configId) {
        var meta = settings.meta();
        var data = new LinkedHashMap<String, Object>();
        data.put("lang", language.tag());
        data.put("app_id", meta.appId());
        data.put("config_id", configId);
        data.put("version", meta.graphVersion());
        data.put(
                "sdk_url",
                (isDemo() ? meta.graphUrl().toString() : "https://connect.facebook.net")
                        + (language == Language.HEBREW ? "/he_IL/sdk.js" : "/en_US/sdk.js"));
        data.put("meta_origin", isDemo() ? meta.graphUrl().toString() : "");
        var words = new LinkedHashMap<String, String>();
        for (var key : texts.keys(language)) {
            if (key.startsWith(PREFIX + "js.")) {
                words.put(key.substring((PREFIX + "js.").length()), texts.get(language, key));
            }
        }
        data.put("words", words);
        return written(data);
    }

    private String written(Map<String, Object> data) {
        try {
            // Nothing in it may look like the end of the block.
            return json.writeValueAsString(data).replace("<", "\\u003c");
        } catch (JsonProcessingException e) {
            throw new IllegalStateException("the page's data could not be written", e);
        }
    }

    private static String escaped(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;")
                .replace("'", "&#39;");
    }

    private static String resource(String name) {
        try (var stream = ConnectPage.class.getResourceAsStream(name)) {
            return new String(
                    Objects.requireNonNull(stream, name).readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
