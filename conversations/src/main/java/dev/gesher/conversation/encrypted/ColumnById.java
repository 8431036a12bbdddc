package dev.gesher.conversation.encrypted;

import com.google.errorprone.annotations.CompileTimeConstant;
import dev.gesher.tenant.EncryptedColumn;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** A column of a table whose key is the tenant and an id that its values are bound to. */
final class ColumnById implements EncryptedColumn {
    private static final UUID FIRST = new UUID(0, 0);

    private final String table;
    private final String column;
    @CompileTimeConstant private final String lock;
    @CompileTimeConstant private final String write;

    /**
     * @param lock the next rows that have a value, as {@code id} and {@code value}, of a tenant,
     *     after an id, at most so many
     * @param write writes values by id, both arrays, of a tenant
     */
    ColumnById(
            String table,
            String column,
            @CompileTimeConstant final String lock,
            @CompileTimeConstant final String write) {
        this.table = table;
        this.column = column;
        this.lock = lock;
        this.write = write;
    }

    @Override
    public String table() {
        return table;
    }

    @Override
    public String column() {
        return column;
    }

    @Override
    public List<Cell> lockNext(Tx tx, TenantId tenant, String after, int limit)
            throws SQLException {
        return tx.query(
                lock,
                ColumnById::cell,
                tenant,
                after.isEmpty() ? FIRST : UUID.fromString(after),
                limit);
    }

    @Override
    public void write(Tx tx, TenantId tenant, List<Cell> cells) throws SQLException {
        tx.updateExactly(
                cells.size(),
                write,
                Tx.uuids(cells.stream().map(Cell::row).toList()),
                Tx.byteArrays(cells.stream().map(Cell::value).toList()),
                tenant);
    }

    private static Cell cell(Row row) throws SQLException {
        var id = row.uuid("id");
        return new Cell(id.toString(), id, row.bytes("value"));
    }
}
