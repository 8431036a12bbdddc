package dev.gesher.app.http;

import io.micronaut.core.order.Ordered;
import io.micronaut.core.propagation.MutablePropagatedContext;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.MutableHttpResponse;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;
import java.util.Map;

/** Gives every request its correlation id, in the log and in the answer. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class CorrelationFilter implements Ordered {
    @RequestFilter
    void arrived(HttpRequest<?> request, MutablePropagatedContext context) {
        context.add(new MdcElement(Map.of("correlation", Correlation.of(request))));
    }

    @ResponseFilter
    void answered(HttpRequest<?> request, MutableHttpResponse<?> response) {
        response.getHeaders().set(Correlation.HEADER, Correlation.of(request));
        response.getHeaders().set("X-Content-Type-Options", "nosniff");
    }

    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }
}
