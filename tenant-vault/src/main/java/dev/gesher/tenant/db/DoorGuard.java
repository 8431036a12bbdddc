package dev.gesher.tenant.db;

import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Makes the data source give connections to {@link TenantScope} only. Without it a repository
 * called outside the scope would quietly open a connection with no tenants set, and find nothing.
 */
@Singleton
final class DoorGuard implements BeanCreatedEventListener<DataSource> {
    private static final ScopedValue<Boolean> OPENING = ScopedValue.newInstance();

    static <T extends @Nullable Object> T whileOpening(Supplier<T> open) {
        return ScopedValue.where(OPENING, true).call(open::get);
    }

    @Override
    public DataSource onCreated(BeanCreatedEvent<DataSource> event) {
        return new Guarded(event.getBean());
    }

    private record Guarded(DataSource real) implements DataSource {
        @Override
        public Connection getConnection() throws java.sql.SQLException {
            if (!OPENING.isBound()) {
                throw new IllegalStateException("a connection was asked for outside TenantScope");
            }
            return real.getConnection();
        }

        @Override
        public Connection getConnection(String user, String password) {
            throw new UnsupportedOperationException("connections come from the pool only");
        }

        @Override
        public java.io.PrintWriter getLogWriter() throws java.sql.SQLException {
            return real.getLogWriter();
        }

        @Override
        public void setLogWriter(java.io.PrintWriter out) throws java.sql.SQLException {
            real.setLogWriter(out);
        }

        @Override
        public void setLoginTimeout(int seconds) throws java.sql.SQLException {
            real.setLoginTimeout(seconds);
        }

        @Override
        public int getLoginTimeout() throws java.sql.SQLException {
            return real.getLoginTimeout();
        }

        @Override
        public java.util.logging.Logger getParentLogger()
                throws java.sql.SQLFeatureNotSupportedException {
            return real.getParentLogger();
        }

        @Override
        public <T> T unwrap(Class<T> type) throws java.sql.SQLException {
            return type.isInstance(real) ? type.cast(real) : real.unwrap(type);
        }

        @Override
        public boolean isWrapperFor(Class<?> type) throws java.sql.SQLException {
            return type.isInstance(real) || real.isWrapperFor(type);
        }
    }
}
