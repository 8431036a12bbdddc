package dev.gesher.app.http;

import dev.gesher.app.config.Role;
import dev.gesher.app.config.Settings;
import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.filter.ServerFilterPhase;

/** Hides what this process has not taken on ({@code GESHER_ROLES}); health is everybody's. */
@ServerFilter(ServerFilter.MATCH_ALL_PATTERN)
final class RoleFilter implements Ordered {
    private final Settings settings;

    RoleFilter(Settings settings) {
        this.settings = settings;
    }

    @RequestFilter
    void look(HttpRequest<?> request) {
        var path = request.getPath();
        boolean isManagement =
                request.getServerAddress().getPort() == settings.ports().management();
        if (isManagement || path.equals("/health") || path.startsWith("/health/")) {
            return;
        }
        var needed = path.startsWith("/webhooks/") ? Role.INTAKE : Role.API;
        if (!settings.has(needed)) {
            throw new ProblemException(ProblemKind.NOT_FOUND);
        }
    }

    @Override
    public int getOrder() {
        return ServerFilterPhase.FIRST.after();
    }
}
