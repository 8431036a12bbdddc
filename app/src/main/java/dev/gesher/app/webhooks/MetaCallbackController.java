package dev.gesher.app.webhooks;

import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.app.config.Settings;
import dev.gesher.app.http.NeedsDatabase;
import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.app.security.Form;
import dev.gesher.app.text.Language;
import dev.gesher.app.text.Texts;
import dev.gesher.whatsapp.MetaUsers;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.HttpStatus;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Get;
import io.micronaut.http.annotation.PathVariable;
import io.micronaut.http.annotation.Post;
import io.micronaut.http.annotation.Produces;
import io.micronaut.http.annotation.QueryValue;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.Hidden;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Meta's callbacks about a person who connected a tenant, and the page that they are shown. */
@Controller(MetaCallbackController.PATH)
@Secured(SecurityRule.IS_ANONYMOUS)
@ExecuteOn(TaskExecutors.BLOCKING)
@NeedsDatabase
@Hidden
class MetaCallbackController {
    static final String PATH = "/webhooks/meta";
    private static final String DELETION = "/data-deletion";

    /** A signed request is a few hundred characters long. */
    static final int MOST_BYTES = 16 << 10;

    private final MetaUsers users;
    private final Settings settings;
    private final Texts texts;

    MetaCallbackController(MetaUsers users, Settings settings, Texts texts) {
        this.users = users;
        this.settings = settings;
        this.texts = texts;
    }

    /**
     * What Meta shows the person.
     *
     * @param url where they see how it stands
     */
    @Serdeable
    record DeletionBody(String url, @JsonProperty("confirmation_code") String confirmationCode) {}

    /** Somebody took our app away. */
    @Post("/deauthorize")
    @Consumes(MediaType.ALL)
    @Produces(MediaType.APPLICATION_JSON)
    HttpResponse<?> deauthorize(HttpRequest<?> request, @Body byte @Nullable [] body) {
        if (!users.deauthorized(signedRequest(request, body))) {
            throw new ProblemException(ProblemKind.SIGNATURE_INVALID);
        }
        return HttpResponse.ok();
    }

    /** Somebody wants their data deleted. */
    @Post(DELETION)
    @Consumes(MediaType.ALL)
    @Produces(MediaType.APPLICATION_JSON)
    HttpResponse<DeletionBody> delete(HttpRequest<?> request, @Body byte @Nullable [] body) {
        var code =
                users.delete(signedRequest(request, body))
                        .orElseThrow(() -> new ProblemException(ProblemKind.SIGNATURE_INVALID));
        return HttpResponse.ok(
                        new DeletionBody(settings.publicUrl() + PATH + DELETION + "/" + code, code))
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    private static String signedRequest(HttpRequest<?> request, byte @Nullable [] body) {
        if (request.getContentType()
                .filter(MediaType.APPLICATION_FORM_URLENCODED_TYPE::matches)
                .isEmpty()) {
            throw new ProblemException(ProblemKind.UNSUPPORTED_MEDIA_TYPE);
        }
        if (body == null || body.length > MOST_BYTES) {
            throw new ProblemException(
                    body == null ? ProblemKind.BAD_REQUEST : ProblemKind.PAYLOAD_TOO_LARGE);
        }
        return Form.parse(body)
                .flatMap(form -> form.get("signed_request"))
                .orElseThrow(() -> new ProblemException(ProblemKind.BAD_REQUEST));
    }

    /** How a deletion stands, for the person; in Hebrew, unless they ask for English. */
    @Get(DELETION + "/{code}")
    @Produces("text/html; charset=utf-8")
    HttpResponse<String> status(
            HttpRequest<?> request, @PathVariable String code, @QueryValue @Nullable String lang) {
        var language =
                Optional.ofNullable(lang)
                        .flatMap(Language::ofTag)
                        .orElseGet(() ->
                                Language.preferred(
                                        request.getHeaders().get(HttpHeaders.ACCEPT_LANGUAGE)));
        var deletion = users.deletion(code);
        var state =
                deletion.map(found ->
                                switch (found) {
                                    case UNDER_WAY -> "under_way";
                                    case DONE -> "done";
                                })
                        .orElse("unknown");
        return HttpResponse.<String>status(
                        deletion.isPresent() ? HttpStatus.OK : HttpStatus.NOT_FOUND)
                .body(page(language, state))
                .header("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
                .header("Referrer-Policy", "no-referrer")
                .header("X-Robots-Tag", "noindex")
                .header(HttpHeaders.CONTENT_LANGUAGE, language.tag())
                .header(HttpHeaders.VARY, HttpHeaders.ACCEPT_LANGUAGE)
                .header(HttpHeaders.CACHE_CONTROL, "no-store");
    }

    /** Nothing of it comes from the request. */
    private String page(Language language, String state) {
        return """
        <!DOCTYPE html>
        <html lang="%s" dir="%s">
        <head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
        <title>%s</title></head>
        <body><main><h1>%s</h1><p>%s</p></main></body>
        </html>
        """
                .formatted(
                        language.tag(),
                        language == Language.HEBREW ? "rtl" : "ltr",
                        texts.get(language, "deletion.title"),
                        texts.get(language, "deletion.title"),
                        texts.get(language, "deletion." + state));
    }
}
