package dev.gesher.tenant.db;

import dev.gesher.tenant.Meters;
import dev.gesher.tenant.TenantId;
import io.micronaut.transaction.TransactionDefinition;
import io.micronaut.transaction.TransactionOperations;
import jakarta.inject.Singleton;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Opens every transaction of Gesher: sets the tenants it may touch, runs the work, commits. Nothing
 * else touches a connection, and a repository called outside it throws.
 */
@Singleton
public final class TenantScope {
    /** The most tenants one transaction may carry: their list is read anew for each written row. */
    public static final int MAX_TENANTS = 64;

    /**
     * A process that stands still inside a transaction holds its locks, and no lease's end takes
     * those away: the server does, sooner than the shortest lease ends.
     */
    private static final Duration STANDING_STILL = Duration.ofSeconds(6);

    private static final String ENDS_WHEN_STANDING_STILL =
            "SET LOCAL idle_in_transaction_session_timeout = " + STANDING_STILL.toMillis() + "; ";

    private static final Meters.Counts ERRORS =
            Meters.counts(
                            "gesher.database.errors",
                            "Errors of the database, by class of SQLSTATE",
                            "class")
                    .known("none");

    private final TransactionOperations<Connection> transactions;
    private final ThreadLocal<Boolean> preparing = ThreadLocal.withInitial(() -> false);
    private volatile @Nullable Preparation preparation;

    TenantScope(TransactionOperations<Connection> transactions) {
        this.transactions = transactions;
    }

    /** From now on, {@code first} is done before each transaction of tenants. */
    public void prepareWith(Preparation first) {
        preparation = first;
    }

    /** What must not be waited for inside a transaction, done before it. */
    public interface Preparation {
        /** Called before each transaction of tenants; may open transactions of its own. */
        void prepare(Collection<TenantId> tenants);
    }

    /** Runs {@code work} in one transaction that sees the rows of {@code tenant} only. */
    public <T extends @Nullable Object> T in(TenantId tenant, Work<T> work) {
        return in(List.of(tenant), work);
    }

    /**
     * Runs {@code work} in one transaction that sees no tenant's rows: directories and the
     * platform's tables.
     */
    public <T extends @Nullable Object> T platform(Work<T> work) {
        return in(List.of(), work);
    }

    /**
     * Runs {@code work} in one transaction that sees the rows of {@code tenants} only, and commits.
     *
     * @throws IllegalArgumentException if there are more than {@link #MAX_TENANTS}
     * @throws IllegalStateException if the thread is in a transaction already: a set cannot grow
     * @throws DatabaseUnavailableException if the database is away, or no connection was free in
     *     time
     * @throws DatabaseException if it refused a statement or the commit
     */
    public <T extends @Nullable Object> T in(Collection<TenantId> tenants, Work<T> work) {
        return run("", tenants, work);
    }

    /** As {@link #in(Collection, Work)}, with bounds on what its statements may wait and run. */
    public <T extends @Nullable Object> T in(
            Collection<TenantId> tenants, Limits limits, Work<T> work) {
        return run(limits.sql(), tenants, work);
    }

    /** Whether this thread is inside a transaction. */
    boolean isOpen() {
        return transactions.hasConnection();
    }

    private <T extends @Nullable Object> T run(
            String limits, Collection<TenantId> tenants, Work<T> work) {
        var set = new TreeSet<>(tenants);
        if (set.size() > MAX_TENANTS) {
            throw new IllegalArgumentException(set.size() + " tenants in one transaction");
        }
        if (isOpen()) {
            throw new IllegalStateException("a transaction is open on this thread already");
        }
        prepare(set);
        String settings =
                ENDS_WHEN_STANDING_STILL
                        + limits
                        + set.stream()
                                .map(TenantId::toString)
                                .collect(
                                        Collectors.joining(
                                                ",", "SET LOCAL gesher.tenants = '", "'"));
        // The transaction whose work is done, so that all that is left is its commit.
        var done = new ArrayList<Tx>(1);
        T result;
        try {
            result =
                    DoorGuard.whileOpening(() ->
                            transactions.<T>execute(
                                    TransactionDefinition.DEFAULT,
                                    status -> {
                                        var tx = new Tx(status.getConnection());
                                        set(status.getConnection(), settings);
                                        T answer = DoorGuard.whileShut(() -> work.run(tx));
                                        done.add(tx);
                                        return answer;
                                    }));
        } catch (Exception e) { // Micronaut throws the work's SQLException without declaring it
            throw translated(e, !done.isEmpty());
        }
        done.forEach(Tx::committed);
        return result;
    }

    private void prepare(Collection<TenantId> set) {
        var first = preparation;
        if (first == null || set.isEmpty() || preparing.get()) {
            return;
        }
        preparing.set(true);
        try {
            first.prepare(set);
        } finally {
            preparing.remove();
        }
    }

    @SuppressWarnings(
            "SqlInjection") // canonical UUIDs and numbers only, and SET takes no parameters
    private static void set(Connection connection, String settings) throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(settings);
        }
    }

    /**
     * Finds the SQL error among the causes; what is none (a bug, a refusal of the work) stays as it
     * is.
     */
    private static RuntimeException translated(Exception thrown, boolean committing) {
        for (Throwable cause = thrown; cause != null; cause = cause.getCause()) {
            if (cause instanceof SQLException sql) {
                ERRORS.add(1, SqlStates.classOf(sql));
                return SqlStates.isUnavailable(sql)
                        ? new DatabaseUnavailableException("the database is away", sql, committing)
                        : new DatabaseException(sql);
            }
            if (cause instanceof DatabaseException
                    || cause instanceof DatabaseUnavailableException) {
                return (RuntimeException) cause;
            }
        }
        return thrown instanceof RuntimeException e ? e : new IllegalStateException(thrown);
    }
}
