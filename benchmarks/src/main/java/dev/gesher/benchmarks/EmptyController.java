package dev.gesher.benchmarks;

import io.micronaut.core.annotation.NonBlocking;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.MediaType;
import io.micronaut.http.annotation.Body;
import io.micronaut.http.annotation.Consumes;
import io.micronaut.http.annotation.Controller;
import io.micronaut.http.annotation.Post;
import io.micronaut.security.annotation.Secured;
import io.micronaut.security.rules.SecurityRule;
import org.jspecify.annotations.Nullable;

/**
 * What the server can do at most: it reads a body and answers, on the event loop itself. All of
 * Gesher's filters stand before it, as before every other endpoint.
 */
@Controller(EmptyController.PATH)
@Secured(SecurityRule.IS_ANONYMOUS)
class EmptyController {
    static final String PATH = "/empty";

    /** Nothing. */
    @Post
    @Consumes(MediaType.ALL)
    @NonBlocking
    HttpResponse<?> take(@Body byte @Nullable [] body) {
        return HttpResponse.ok();
    }
}
