package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.EncryptedColumn;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** A column of a table whose key is the tenant and an id that its values are bound to. */
abstract class ColumnById implements EncryptedColumn {
    private static final UUID FIRST = new UUID(0, 0);

    private final String table;
    private final String column;

    ColumnById(String table, String column) {
        this.table = table;
        this.column = column;
    }

    /** The rows that have a value, as {@code id} and {@code value}. */
    abstract List<Cell> lock(Tx tx, TenantId tenant, UUID after, int limit) throws SQLException;

    /** Writes the values of the rows with these ids. */
    abstract void write(Tx tx, TenantId tenant, int rows, Object ids, Object values)
            throws SQLException;

    @Override
    public final String table() {
        return table;
    }

    @Override
    public final String column() {
        return column;
    }

    @Override
    public final List<Cell> lockNext(Tx tx, TenantId tenant, String after, int limit)
            throws SQLException {
        return lock(tx, tenant, after.isEmpty() ? FIRST : UUID.fromString(after), limit);
    }

    @Override
    public final void write(Tx tx, TenantId tenant, List<Cell> cells) throws SQLException {
        write(
                tx,
                tenant,
                cells.size(),
                Tx.uuids(cells.stream().map(Cell::row).toList()),
                Tx.byteArrays(cells.stream().map(Cell::value).toList()));
    }

    static Cell cell(Row row) throws SQLException {
        var id = row.uuid("id");
        return new Cell(id.toString(), id, row.bytes("value"));
    }
}
