package dev.gesher.app.security;

import dev.gesher.app.http.MdcElement;
import io.micronaut.core.order.Ordered;
import io.micronaut.core.propagation.MutablePropagatedContext;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.filter.ServerFilterPhase;
import io.micronaut.security.authentication.Authentication;
import java.util.Map;

/** Puts the caller's tenant into the log keys, once the token said who it is. */
@ServerFilter("/v1/**")
final class TenantInLog implements Ordered {
    @RequestFilter
    void known(HttpRequest<?> request, MutablePropagatedContext context) {
        request.getUserPrincipal(Authentication.class)
                .map(who -> who.getAttributes().get(VerifiedToken.CALLER))
                .map(Caller.class::cast)
                .ifPresent(caller ->
                        context.add(new MdcElement(Map.of("tenant", caller.tenant().toString()))));
    }

    @Override
    public int getOrder() {
        return ServerFilterPhase.SECURITY.after();
    }
}
