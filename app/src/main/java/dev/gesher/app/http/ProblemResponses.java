package dev.gesher.app.http;

import com.fasterxml.jackson.core.JacksonException;
import io.micronaut.context.annotation.Primary;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.server.exceptions.response.ErrorContext;
import io.micronaut.http.server.exceptions.response.ErrorResponseProcessor;
import io.micronaut.serde.exceptions.SerdeException;
import jakarta.inject.Singleton;
import java.util.Map;

/**
 * Gives the framework's own errors the shape of ours, and hides what they tell about our insides.
 */
@Singleton
@Primary
final class ProblemResponses implements ErrorResponseProcessor<byte[]> {
    private final Problems problems;

    ProblemResponses(Problems problems) {
        this.problems = problems;
    }

    @Override
    public MutableHttpResponse<byte[]> processResponse(
            ErrorContext context, MutableHttpResponse<?> response) {
        var kind = ProblemKind.ofStatus(response.code());
        if (kind == ProblemKind.BAD_REQUEST
                && context.getRootCause().filter(ProblemResponses::isAboutJson).isPresent()) {
            kind = ProblemKind.MALFORMED_JSON;
        }
        return problems.fill(response, context.getRequest(), kind, Map.of());
    }

    private static boolean isAboutJson(Throwable thrown) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof JacksonException || cause instanceof SerdeException) {
                return true;
            }
        }
        return false;
    }
}
