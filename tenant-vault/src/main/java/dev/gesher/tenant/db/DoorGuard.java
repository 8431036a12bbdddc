package dev.gesher.tenant.db;

import io.micronaut.context.event.BeanCreatedEvent;
import io.micronaut.context.event.BeanCreatedEventListener;
import io.micronaut.core.order.Ordered;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.function.Supplier;
import javax.sql.DataSource;
import org.jspecify.annotations.Nullable;

/**
 * Makes the data source give connections to {@link TenantScope} only, and such that see no tenant's
 * rows to the scheduler of {@link PlatformJobs}. Without it a repository called outside the scope
 * would quietly open a connection with no tenants set, and find nothing.
 */
@Singleton
final class DoorGuard implements BeanCreatedEventListener<DataSource>, Ordered {
    private static final ScopedValue<Boolean> OPENING = ScopedValue.newInstance();

    static <T extends @Nullable Object> T whileOpening(Supplier<T> open) {
        return ScopedValue.where(OPENING, true).call(open::get);
    }

    /** One connection, for {@link PlatformJobs}, whose scheduler sets no tenants. */
    static Connection opened(DataSource guarded) throws SQLException {
        return ScopedValue.where(OPENING, true)
                .<Connection, SQLException>call(guarded::getConnection);
    }

    /**
     * Within a transaction the door is shut again: its work has one connection, and needs no more.
     */
    static <T extends @Nullable Object> T whileShut(ScopedValue.CallableOp<T, SQLException> work)
            throws SQLException {
        return ScopedValue.where(OPENING, false).call(work);
    }

    /** Before Micronaut Data, which wraps what it finds and looks through its own wrapper only. */
    @Override
    public int getOrder() {
        return HIGHEST_PRECEDENCE;
    }

    @Override
    public DataSource onCreated(BeanCreatedEvent<DataSource> event) {
        return new Guarded(event.getBean());
    }

    private record Guarded(DataSource real) implements DataSource {
        @Override
        public Connection getConnection() throws SQLException {
            if (!OPENING.orElse(false)) {
                throw new IllegalStateException("a connection was asked for outside TenantScope");
            }
            return real.getConnection();
        }

        @Override
        public Connection getConnection(String user, String password) {
            throw new UnsupportedOperationException("connections come from the pool only");
        }

        @Override
        public java.io.PrintWriter getLogWriter() throws SQLException {
            return real.getLogWriter();
        }

        @Override
        public void setLogWriter(java.io.PrintWriter out) throws SQLException {
            real.setLogWriter(out);
        }

        @Override
        public void setLoginTimeout(int seconds) throws SQLException {
            real.setLoginTimeout(seconds);
        }

        @Override
        public int getLoginTimeout() throws SQLException {
            return real.getLoginTimeout();
        }

        @Override
        public java.util.logging.Logger getParentLogger()
                throws java.sql.SQLFeatureNotSupportedException {
            return real.getParentLogger();
        }

        @Override
        public <T> T unwrap(Class<T> type) throws SQLException {
            return type.isInstance(real) ? type.cast(real) : real.unwrap(type);
        }

        @Override
        public boolean isWrapperFor(Class<?> type) throws SQLException {
            return type.isInstance(real) || real.isWrapperFor(type);
        }
    }
}
