package dev.gesher.app.http;

import dev.gesher.conversation.Conversations.BadCursorException;
import dev.gesher.conversation.MediaFiles.StorageUnavailableException;
import dev.gesher.tenant.Page;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
import dev.gesher.whatsapp.GraphUnavailableException;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Error;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.authentication.AuthorizationException;
import io.micronaut.security.rules.SecurityRule;
import jakarta.validation.ConstraintViolation;
import jakarta.validation.ConstraintViolationException;
import jakarta.validation.Path;
import java.util.ArrayDeque;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Exceptions that mean something to a caller, as problems. What is not here is a bug: 500, and
 * nothing told.
 */
@Controller
@Secured(SecurityRule.IS_ANONYMOUS)
class Errors {
    private static final Logger log = LoggerFactory.getLogger(Errors.class);
    private static final String RETRY_SECONDS = "1";

    private final Problems problems;

    Errors(Problems problems) {
        this.problems = problems;
    }

    @Error(global = true)
    HttpResponse<byte[]> problem(HttpRequest<?> request, ProblemException thrown) {
        var response = answer(request, thrown.kind(), thrown.extras());
        thrown.headers().forEach(response::header);
        return switch (thrown.kind().status()) {
            case SERVICE_UNAVAILABLE, TOO_MANY_REQUESTS ->
                    response.getHeaders().contains(HttpHeaders.RETRY_AFTER)
                            ? response
                            : response.header(HttpHeaders.RETRY_AFTER, RETRY_SECONDS);
            default -> response;
        };
    }

    @Error(global = true)
    HttpResponse<byte[]> refused(HttpRequest<?> request, AuthorizationException thrown) {
        // RFC 6750 §3: a request without credentials gets a challenge without an error code.
        if (thrown.isForbidden()) {
            return answer(request, ProblemKind.INSUFFICIENT_SCOPE, Map.of())
                    .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"insufficient_scope\"");
        }
        boolean gaveOne = request.getHeaders().contains(HttpHeaders.AUTHORIZATION);
        return answer(request, ProblemKind.UNAUTHENTICATED, Map.of())
                .header(
                        HttpHeaders.WWW_AUTHENTICATE,
                        gaveOne ? "Bearer error=\"invalid_token\"" : "Bearer");
    }

    @Error(global = true)
    HttpResponse<byte[]> databaseIsAway(
            HttpRequest<?> request, DatabaseUnavailableException thrown) {
        log.warn("refused with 503: {}", thrown.getMessage());
        return answer(request, ProblemKind.SERVICE_UNAVAILABLE, Map.of())
                .header(HttpHeaders.RETRY_AFTER, RETRY_SECONDS);
    }

    @Error(global = true)
    HttpResponse<byte[]> storageIsAway(HttpRequest<?> request, StorageUnavailableException thrown) {
        log.error("a file cannot be given out", thrown);
        return answer(request, ProblemKind.SERVICE_UNAVAILABLE, Map.of())
                .header(HttpHeaders.RETRY_AFTER, RETRY_SECONDS);
    }

    @Error(global = true)
    HttpResponse<byte[]> graphIsAway(HttpRequest<?> request, GraphUnavailableException thrown) {
        log.warn("Graph did not answer: {}", thrown.code());
        return answer(
                request,
                ProblemKind.GRAPH_UNAVAILABLE,
                Map.of("reasons", java.util.List.of(thrown.code())));
    }

    @Error(global = true)
    HttpResponse<byte[]> badCursor(HttpRequest<?> request, BadCursorException thrown) {
        return answer(request, ProblemKind.CURSOR_INVALID, Map.of());
    }

    @Error(global = true)
    HttpResponse<byte[]> badCursor(HttpRequest<?> request, Page.BadCursorException thrown) {
        return answer(request, ProblemKind.CURSOR_INVALID, Map.of());
    }

    /** Its tenant was deleted while it ran. */
    @Error(global = true)
    HttpResponse<byte[]> tenantIsGone(HttpRequest<?> request, TenantKeysDestroyedException thrown) {
        return answer(request, ProblemKind.UNAUTHENTICATED, Map.of())
                .header(HttpHeaders.WWW_AUTHENTICATE, "Bearer error=\"invalid_token\"");
    }

    @Error(global = true)
    HttpResponse<byte[]> invalid(HttpRequest<?> request, ConstraintViolationException thrown) {
        var pointer =
                thrown.getConstraintViolations().stream().map(Errors::pointer).sorted().findFirst();
        return answer(request, ProblemKind.FIELD_INVALID, Map.of("pointer", pointer.orElse("")));
    }

    private MutableHttpResponse<byte[]> answer(
            HttpRequest<?> request, ProblemKind kind, Map<String, ?> extras) {
        return problems.fill(HttpResponse.status(kind.status()), request, kind, extras);
    }

    /** JSON pointer to a member of the body, or the name of a parameter; as JSON writes names. */
    private static String pointer(ConstraintViolation<?> violation) {
        var names = new ArrayDeque<String>();
        for (Path.Node node : violation.getPropertyPath()) {
            if (node.getName() != null) {
                names.add(
                        node.getName()
                                .replaceAll("([a-z])([A-Z])", "$1_$2")
                                .toLowerCase(java.util.Locale.ROOT));
            }
        }
        names.pollFirst(); // the method
        if (names.size() > 1) {
            names.pollFirst(); // its parameter
        }
        return "/" + String.join("/", names);
    }
}
