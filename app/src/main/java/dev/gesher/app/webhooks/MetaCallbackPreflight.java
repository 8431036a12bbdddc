package dev.gesher.app.webhooks;

import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpMethod;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.filter.ServerFilterPhase;

/** Refuses a callback that says it is too long, before a byte of its body is read. */
@ServerFilter(MetaCallbackController.PATH + "/**")
final class MetaCallbackPreflight implements Ordered {
    @RequestFilter(methods = HttpMethod.POST)
    void look(HttpRequest<?> request) {
        if (request.getHeaders().contentLength().orElse(0) > MetaCallbackController.MOST_BYTES) {
            throw new ProblemException(ProblemKind.PAYLOAD_TOO_LARGE);
        }
    }

    @Override
    public int getOrder() {
        return ServerFilterPhase.SECURITY.before();
    }
}
