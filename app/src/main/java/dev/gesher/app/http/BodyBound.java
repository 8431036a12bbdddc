package dev.gesher.app.http;

import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.filter.ServerFilterPhase;

/** Refuses a request with a body, before it is read, while too much is under way already. */
@ServerFilter("/**")
final class BodyBound implements Ordered {
    private final BodiesInFlight bodies;

    BodyBound(BodiesInFlight bodies) {
        this.bodies = bodies;
    }

    @RequestFilter
    void look(HttpRequest<?> request) {
        var headers = request.getHeaders();
        boolean hasBody =
                headers.contentLength().orElse(0) > 0
                        || headers.contains(HttpHeaders.TRANSFER_ENCODING);
        if (hasBody && bodies.isFull()) {
            throw new ProblemException(ProblemKind.SERVICE_UNAVAILABLE);
        }
    }

    @Override
    public int getOrder() {
        return ServerFilterPhase.FIRST.after();
    }
}
