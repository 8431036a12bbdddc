package dev.gesher.app.http;

import dev.gesher.app.config.Settings;
import dev.gesher.tenant.Meters;
import io.micronaut.aop.InterceptorBean;
import io.micronaut.aop.MethodInterceptor;
import io.micronaut.aop.MethodInvocationContext;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Lets as many requests through to the database as can be served within the pool's patience. */
@InterceptorBean(NeedsDatabase.class)
final class DatabaseGate implements MethodInterceptor<Object, Object> {
    private static final int PER_CONNECTION = 4;

    private static final Meters.Counts REFUSALS =
            Meters.counts(
                            "gesher.database.gate.refusals",
                            "Requests turned away at once: too many wait for the database")
                    .known();

    private final Semaphore permits;

    DatabaseGate(Settings settings) {
        int pool = settings.database().orElseThrow().poolSize();
        this.permits = new Semaphore(PER_CONNECTION * pool);
    }

    @Override
    public @Nullable Object intercept(MethodInvocationContext<Object, Object> context) {
        if (!permits.tryAcquire()) {
            REFUSALS.add(1);
            throw new ProblemException(ProblemKind.SERVICE_UNAVAILABLE);
        }
        try {
            return context.proceed();
        } finally {
            permits.release();
        }
    }
}
