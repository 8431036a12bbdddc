package dev.gesher.tenant.db;

import com.google.errorprone.annotations.CompileTimeConstant;
import dev.gesher.tenant.TenantId;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A transaction that {@link TenantScope} opened. SQL is constant text with {@code ?} for arguments.
 *
 * <p>Arguments may be null, {@link String}, {@link Integer}, {@link Short}, {@link Long}, {@link
 * Boolean}, {@code byte[]}, {@link UUID}, {@link TenantId}, {@link Instant}, an enum (its
 * lower-case name), or one of {@link #texts}, {@link #uuids}, {@link #instants}, {@link #longs},
 * {@link #integers}, {@link #booleans}, {@link #byteArrays} for {@code unnest}.
 */
public final class Tx {
    private static final Logger LOG = LoggerFactory.getLogger(Tx.class);
    private static final Pattern LOCKS_IN_ORDER =
            Pattern.compile(
                    "\\border\\s+by\\b.*\\bfor\\s+(no\\s+key\\s+)?update\\b",
                    Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

    private final Connection connection;
    private final List<Runnable> afterCommit = new ArrayList<>();

    Tx(Connection connection) {
        this.connection = connection;
    }

    /** Runs a statement and returns how many rows it touched. */
    public int update(@CompileTimeConstant final String sql, @Nullable Object... arguments)
            throws SQLException {
        try (var statement = prepare(sql, arguments)) {
            return statement.executeUpdate();
        }
    }

    /**
     * Runs a set-based write that must touch as many rows as it was given items.
     *
     * @throws IllegalStateException if it touched fewer or more
     */
    public void updateExactly(
            int items, @CompileTimeConstant final String sql, @Nullable Object... arguments)
            throws SQLException {
        int touched = update(sql, arguments);
        if (touched != items) {
            throw new IllegalStateException(touched + " rows written for " + items + " items");
        }
    }

    /** All rows of a query (or of a write with {@code RETURNING}), in order. */
    public <T> List<T> query(
            @CompileTimeConstant final String sql,
            RowMapper<T> mapper,
            @Nullable Object... arguments)
            throws SQLException {
        try (var statement = prepare(sql, arguments);
                ResultSet result = statement.executeQuery()) {
            var rows = new ArrayList<T>();
            var row = new Row(result);
            while (result.next()) {
                rows.add(mapper.map(row));
            }
            return rows;
        }
    }

    /**
     * Locks the rows of a query in the order of their key, before a batch writes them: two
     * transactions that lock common rows in one order cannot deadlock.
     *
     * @param sql a query that ends in {@code ORDER BY <key> FOR [NO KEY] UPDATE}
     * @return how many rows are locked now
     */
    public int lockInOrder(@CompileTimeConstant final String sql, @Nullable Object... arguments)
            throws SQLException {
        if (!LOCKS_IN_ORDER.matcher(sql).find()) {
            throw new IllegalArgumentException("locks without an order: " + sql);
        }
        try (var statement = prepare(sql, arguments);
                ResultSet result = statement.executeQuery()) {
            int rows = 0;
            while (result.next()) {
                rows++;
            }
            return rows;
        }
    }

    /**
     * The only row of a query, or empty.
     *
     * @throws IllegalStateException if there is more than one
     */
    public <T> Optional<T> one(
            @CompileTimeConstant final String sql,
            RowMapper<T> mapper,
            @Nullable Object... arguments)
            throws SQLException {
        var rows = query(sql, mapper, arguments);
        if (rows.size() > 1) {
            throw new IllegalStateException(rows.size() + " rows where one was meant");
        }
        return rows.stream().findFirst();
    }

    /** Runs {@code action} once this transaction has committed, never if it has not. */
    public void afterCommit(Runnable action) {
        afterCommit.add(action);
    }

    public static Object texts(List<? extends @Nullable String> values) {
        return new ArrayArgument("text", values.toArray());
    }

    public static Object uuids(List<? extends @Nullable UUID> values) {
        return new ArrayArgument("uuid", values.toArray());
    }

    public static Object tenants(List<TenantId> values) {
        return new ArrayArgument("uuid", values.stream().map(TenantId::value).toArray());
    }

    public static Object instants(List<? extends @Nullable Instant> values) {
        // Written by hand: the driver would format OffsetDateTime elements by toString, with a 'Z'
        // it refuses for BC and
        // far years; ISO instants are what PostgreSQL reads.
        return new ArrayArgument(
                "timestamptz",
                values.stream().map(value -> value == null ? null : value.toString()).toArray());
    }

    public static Object longs(List<? extends @Nullable Long> values) {
        return new ArrayArgument("int8", values.toArray(new Long[0]));
    }

    public static Object integers(List<? extends @Nullable Integer> values) {
        return new ArrayArgument("int4", values.toArray(new Integer[0]));
    }

    public static Object booleans(List<? extends @Nullable Boolean> values) {
        return new ArrayArgument("bool", values.toArray());
    }

    public static Object byteArrays(List<? extends byte @Nullable []> values) {
        return new ArrayArgument("bytea", values.toArray(new byte[0][]));
    }

    /** Runs what waits for the commit; a failure there cannot undo it, so it is only logged. */
    void committed() {
        for (var action : afterCommit) {
            try {
                action.run();
            } catch (RuntimeException e) {
                LOG.error("an action after commit failed", e);
            }
        }
    }

    private PreparedStatement prepare(String sql, @Nullable Object... arguments)
            throws SQLException {
        var statement = connection.prepareStatement(sql);
        try {
            for (int i = 0; i < arguments.length; i++) {
                bind(statement, i + 1, arguments[i]);
            }
            return statement;
        } catch (SQLException | RuntimeException e) {
            statement.close();
            throw e;
        }
    }

    private void bind(PreparedStatement statement, int index, @Nullable Object argument)
            throws SQLException {
        switch (argument) {
            case null -> statement.setNull(index, Types.NULL);
            case ArrayArgument(var type, var values) -> {
                Array array = connection.createArrayOf(type, values);
                statement.setArray(index, array);
            }
            case Instant instant -> statement.setObject(index, instant.atOffset(ZoneOffset.UTC));
            case TenantId tenant -> statement.setObject(index, tenant.value());
            case byte[] bytes -> statement.setBytes(index, bytes);
            case Enum<?> value ->
                    statement.setString(index, value.name().toLowerCase(java.util.Locale.ROOT));
            default -> statement.setObject(index, argument);
        }
    }

    private record ArrayArgument(String type, @Nullable Object[] values) {}
}
