package dev.gesher.app.connection;

import dev.gesher.app.http.ProblemException;
import dev.gesher.app.http.ProblemKind;
import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.Signup;
import io.micronaut.core.order.Ordered;
import io.micronaut.http.HttpRequest;
import io.micronaut.http.annotation.RequestFilter;
import io.micronaut.http.annotation.ServerFilter;
import io.micronaut.http.cookie.Cookie;
import io.micronaut.http.filter.ServerFilterPhase;
import io.micronaut.scheduling.TaskExecutors;
import io.micronaut.scheduling.annotation.ExecuteOn;

/** Lets in whoever has the connect page's session, before anything of the request is read. */
@ServerFilter({SignupController.PATH, SignupController.PATH + "/**"})
final class SignupSession implements Ordered {
    /** The cookie's name. */
    static final String COOKIE = "gesher_connect";

    private static final String VISITOR = "gesher.visitor";

    private final Signup signup;

    SignupSession(Signup signup) {
        this.signup = signup;
    }

    /** Who sits before the page; only where the filter has let somebody in. */
    static Signup.Visitor visitor(HttpRequest<?> request) {
        return request.getAttribute(VISITOR, Signup.Visitor.class)
                .orElseThrow(() -> new IllegalStateException("no session was looked for"));
    }

    static ProblemException noSession() {
        return new ProblemException(ProblemKind.CONNECT_SESSION_INVALID);
    }

    @RequestFilter
    @ExecuteOn(TaskExecutors.BLOCKING)
    void look(HttpRequest<?> request) {
        refuseOtherSites(request);
        if (!request.getPath().equals(SignupController.PATH + SignupController.SESSION)) {
            request.setAttribute(VISITOR, find(request));
        }
    }

    private Signup.Visitor find(HttpRequest<?> request) {
        return request.getCookies()
                .findCookie(COOKIE)
                .map(Cookie::getValue)
                .filter(value -> !value.isEmpty())
                .map(SecretText::of)
                .flatMap(signup::session)
                .map(SignupSession::admitted)
                .orElseThrow(SignupSession::noSession);
    }

    /** Nothing is done for a suspended tenant, here as with its apps' tokens. */
    static Signup.Visitor admitted(Signup.Visitor visitor) {
        if (visitor.suspended()) {
            throw new ProblemException(ProblemKind.TENANT_SUSPENDED);
        }
        return visitor;
    }

    /**
     * The cookie is SameSite=Strict already; browsers that say where a request comes from are held
     * to it.
     */
    private static void refuseOtherSites(HttpRequest<?> request) {
        var site = request.getHeaders().get("Sec-Fetch-Site");
        if (site != null && !site.equals("same-origin") && !site.equals("none")) {
            throw noSession();
        }
    }

    @Override
    public int getOrder() {
        return ServerFilterPhase.SECURITY.after();
    }
}
