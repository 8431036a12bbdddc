package dev.gesher.app.webhooks;

import dev.gesher.whatsapp.WebhookIntake;
import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpHeaders;
import io.micronaut.http.HttpMethod;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.filter.ServerFilterPhase;

/** Refuses what the headers alone rule out, before a byte of the body is read. */
@ServerFilter(WebhookController.PATH)
final class WebhookPreflight implements Ordered {
    private final WebhookIntake intake;

    WebhookPreflight(WebhookIntake intake) {
        this.intake = intake;
    }

    @RequestFilter(methods = HttpMethod.POST)
    void look(HttpRequest<?> request) {
        var headers = request.getHeaders();
        intake.preflight(
                        headers.get(WebhookController.SIGNATURE),
                        headers.get(HttpHeaders.CONTENT_ENCODING),
                        headers.contentLength().orElse(-1))
                .ifPresent(refusal -> {
                    request.setAttribute(WebhookRefusals.COUNTED, true);
                    throw WebhookController.problem(refusal);
                });
    }

    @Override
    public int getOrder() {
        return ServerFilterPhase.SECURITY.before();
    }
}
