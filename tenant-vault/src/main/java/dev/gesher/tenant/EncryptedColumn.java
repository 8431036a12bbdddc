package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/**
 * A column whose values are encrypted with tenants' data keys ({@link ContentCipher}): a bean per
 * column, so that its values can be re-encrypted before an old key is destroyed. A test compares
 * these beans with the database's columns.
 */
public interface EncryptedColumn {
    /** The table, as in {@link ContentCipher.Place}. */
    String table();

    /** The column, as in {@link ContentCipher.Place}. */
    String column();

    /**
     * Locks the tenant's next rows that have a value, in the order of their key.
     *
     * @param after the {@link Cell#position} of the last row seen; empty at the beginning
     * @param limit the most rows; fewer are the last
     */
    List<Cell> lockNext(Tx tx, TenantId tenant, String after, int limit) throws SQLException;

    /** Writes other values into rows that this transaction has locked. */
    void write(Tx tx, TenantId tenant, List<Cell> cells) throws SQLException;

    /**
     * One value.
     *
     * @param position where it stands in the order of the walk
     * @param row the id that it is bound to
     */
    record Cell(String position, UUID row, byte[] value) {}
}
