package dev.gesher.tenant.db;

import dev.gesher.tenant.TenantId;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The current row of a result, by column name; a getter without {@code Nullable} in its name
 * refuses null.
 */
public final class Row {
    private final ResultSet result;

    Row(ResultSet result) {
        this.result = result;
    }

    public String text(String column) throws SQLException {
        return notNull(column, result.getString(column));
    }

    public @Nullable String nullableText(String column) throws SQLException {
        return result.getString(column);
    }

    public UUID uuid(String column) throws SQLException {
        return notNull(column, result.getObject(column, UUID.class));
    }

    public @Nullable UUID nullableUuid(String column) throws SQLException {
        return result.getObject(column, UUID.class);
    }

    public TenantId tenant() throws SQLException {
        return new TenantId(uuid("tenant_id"));
    }

    public int integer(String column) throws SQLException {
        int value = result.getInt(column);
        return notNull(column, result.wasNull() ? null : value);
    }

    public @Nullable Integer nullableInteger(String column) throws SQLException {
        int value = result.getInt(column);
        return result.wasNull() ? null : value;
    }

    public long longInteger(String column) throws SQLException {
        long value = result.getLong(column);
        return notNull(column, result.wasNull() ? null : value);
    }

    public @Nullable Long nullableLong(String column) throws SQLException {
        long value = result.getLong(column);
        return result.wasNull() ? null : value;
    }

    public boolean bool(String column) throws SQLException {
        boolean value = result.getBoolean(column);
        return notNull(column, result.wasNull() ? null : value);
    }

    public byte[] bytes(String column) throws SQLException {
        return notNull(column, result.getBytes(column));
    }

    public byte @Nullable [] nullableBytes(String column) throws SQLException {
        return result.getBytes(column);
    }

    public Instant instant(String column) throws SQLException {
        return notNull(column, nullableInstant(column));
    }

    public @Nullable Instant nullableInstant(String column) throws SQLException {
        OffsetDateTime value = result.getObject(column, OffsetDateTime.class);
        return value == null ? null : value.toInstant();
    }

    /** A {@code text[]} column. */
    public List<String> texts(String column) throws SQLException {
        return List.of((String[]) notNull(column, result.getArray(column)).getArray());
    }

    private static <T> T notNull(String column, @Nullable T value) {
        return Objects.requireNonNull(value, column);
    }
}
