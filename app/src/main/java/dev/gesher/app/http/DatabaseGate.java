package dev.gesher.app.http;

import dev.gesher.app.config.Settings;
import io.micronaut.aop.InterceptorBean;
import io.micronaut.aop.MethodInterceptor;
import io.micronaut.aop.MethodInvocationContext;
import java.util.concurrent.Semaphore;
import org.jspecify.annotations.Nullable;

/** Lets as many requests through to the database as can be served within the pool's patience. */
@InterceptorBean(NeedsDatabase.class)
final class DatabaseGate implements MethodInterceptor<Object, Object> {
    private static final int PER_CONNECTION = 4;

    private final Semaphore permits;

    DatabaseGate(Settings settings) {
        int pool = settings.database().orElseThrow().poolSize();
        this.permits = new Semaphore(PER_CONNECTION * pool);
    }

    @Override
    public @Nullable Object intercept(MethodInvocationContext<Object, Object> context) {
        if (!permits.tryAcquire()) {
            throw new ProblemException(ProblemKind.SERVICE_UNAVAILABLE);
        }
        try {
            return context.proceed();
        } finally {
            permits.release();
        }
    }
}
