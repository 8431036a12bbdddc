package dev.gesher.app.webhooks;

import dev.gesher.app.http.Correlation;
import dev.gesher.whatsapp.WebhookIntake;
import dev.gesher.whatsapp.WebhookIntake.Refusal;
import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpMethod;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.HttpResponse;
import io.micronaut.http.annotation.ResponseFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.filter.ServerFilterPhase;

/**
 * Counts what was refused before the intake saw it: a body whose reading was broken off, or that
 * was not read since too much is under way.
 */
@ServerFilter(WebhookController.PATH)
final class WebhookRefusals implements Ordered {
    /** Set on a request that the intake has answered itself. */
    static final String COUNTED = "gesher.webhook.counted";

    private final WebhookIntake intake;

    WebhookRefusals(WebhookIntake intake) {
        this.intake = intake;
    }

    @ResponseFilter(methods = HttpMethod.POST)
    void look(HttpRequest<?> request, HttpResponse<?> response) {
        if (request.getAttribute(COUNTED).isPresent()) {
            return;
        }
        switch (response.status()) {
            case REQUEST_ENTITY_TOO_LARGE ->
                    intake.refused(Refusal.TOO_LARGE, Correlation.of(request));
            case SERVICE_UNAVAILABLE -> intake.refused(Refusal.BUSY, Correlation.of(request));
            default -> {
                // taken, or nothing of the intake's
            }
        }
    }

    /** Around all others, so that it hears of what they refuse. */
    @Override
    public int getOrder() {
        return ServerFilterPhase.FIRST.before();
    }
}
