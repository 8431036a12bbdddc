package dev.gesher.conversation.encrypted;

import dev.gesher.tenant.EncryptedColumn;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Answers that are kept under their idempotency keys. */
@Singleton
final class StoredAnswer implements EncryptedColumn {
    /** Stands in none of the key's parts, which are printable. */
    private static final String BETWEEN = "\n";

    @Override
    public String table() {
        return "idempotency_keys";
    }

    @Override
    public String column() {
        return "answer";
    }

    @Override
    public List<Cell> lockNext(Tx tx, TenantId tenant, String after, int limit)
            throws SQLException {
        var key = key(after);
        return tx.query(
                """
                SELECT client_id, method, path, idempotency_key, object_id, answer
                FROM idempotency_keys
                WHERE tenant_id = ? AND (client_id, method, path, idempotency_key) > (?, ?, ?, ?)
                    AND answer IS NOT NULL
                ORDER BY client_id, method, path, idempotency_key LIMIT ? FOR NO KEY UPDATE
                """,
                StoredAnswer::cell,
                tenant,
                key[0],
                key[1],
                key[2],
                key[3],
                limit);
    }

    private static Cell cell(Row row) throws SQLException {
        var position =
                String.join(
                        BETWEEN,
                        row.text("client_id"),
                        row.text("method"),
                        row.text("path"),
                        row.text("idempotency_key"));
        return new Cell(position, row.uuid("object_id"), row.bytes("answer"));
    }

    private static String[] key(String position) {
        return position.isEmpty() ? new String[] {"", "", "", ""} : position.split(BETWEEN, 4);
    }

    @Override
    public void write(Tx tx, TenantId tenant, List<Cell> cells) throws SQLException {
        var parts = new ArrayList<List<@Nullable String>>();
        for (int part = 0; part < 4; part++) {
            int which = part;
            parts.add(
                    new ArrayList<>(
                            cells.stream().map(cell -> key(cell.position())[which]).toList()));
        }
        tx.updateExactly(
                cells.size(),
                """
                UPDATE idempotency_keys k SET answer = n.answer
                FROM unnest(?, ?, ?, ?, ?) AS n(client_id, method, path, idempotency_key, answer)
                WHERE k.tenant_id = ? AND k.client_id = n.client_id AND k.method = n.method
                    AND k.path = n.path AND k.idempotency_key = n.idempotency_key
                """,
                Tx.texts(parts.get(0)),
                Tx.texts(parts.get(1)),
                Tx.texts(parts.get(2)),
                Tx.texts(parts.get(3)),
                Tx.byteArrays(cells.stream().map(Cell::value).toList()),
                tenant);
    }
}
