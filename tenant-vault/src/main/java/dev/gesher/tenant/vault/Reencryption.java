package dev.gesher.tenant.vault;

import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.tenant.EncryptedColumn;
import dev.gesher.tenant.EncryptedColumn.Cell;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.vault.RotationRows.Job;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Walks a tenant's encrypted columns and puts what is under an old data key under the current. */
@Singleton
final class Reencryption {
    private static final Logger LOG = LoggerFactory.getLogger(Reencryption.class);

    /** Rows of one commit: they are locked for as long as it takes to encrypt them. */
    private static final int ROWS = 200;

    private final TenantKeys keys;
    private final RotationRows jobs;
    private final List<EncryptedColumn> columns;

    Reencryption(TenantKeys keys, RotationRows jobs, Collection<EncryptedColumn> columns) {
        this.keys = keys;
        this.jobs = jobs;
        this.columns = columns.stream().sorted(Comparator.comparing(Reencryption::name)).toList();
    }

    /**
     * Does the next rows, and notes how far it is.
     *
     * @return false if there are none left
     * @throws IllegalStateException if the newest key is not in use yet
     */
    boolean part(Tx tx, Job job, TenantId tenant) throws SQLException {
        var found = next(job);
        if (found.isEmpty()) {
            return false;
        }
        var column = found.get();
        var keyring = keys.data(tx, tenant);
        if (keyring.currentVersion() != keyring.newestVersion()) {
            keyring = keys.freshData(tx, tenant);
        }
        if (keyring.currentVersion() != keyring.newestVersion()) {
            throw new IllegalStateException("the newest key of " + tenant + " is not in use yet");
        }
        var cells = column.lockNext(tx, tenant, afterRow(job, column), ROWS);
        var changed = new ArrayList<Cell>();
        int failed = 0;
        int current = keyring.currentVersion();
        var cipher = new KeyringCipher(tenant, keyring);
        for (var cell : cells) {
            if (KeyringCipher.isUnder(current, cell.value())) {
                continue;
            }
            var place = new Place(column.table(), column.column(), cell.row());
            try {
                byte[] anew = cipher.encrypt(place, cipher.decrypt(place, cell.value()));
                changed.add(new Cell(cell.position(), cell.row(), anew));
            } catch (IllegalStateException e) {
                if (failed == 0) {
                    LOG.error(
                            "{} of tenant={} cannot be read, from row {} on",
                            name(column),
                            tenant,
                            cell.row(),
                            e);
                }
                failed++;
            }
        }
        if (!changed.isEmpty()) {
            column.write(tx, tenant, changed);
        }
        boolean last = cells.size() < ROWS;
        jobs.position(
                tx,
                job,
                name(column) + (last ? PASSED : ""),
                last ? "" : cells.getLast().position(),
                changed.size(),
                failed);
        return true;
    }

    /** Sorts behind the column's own name and before any other's. */
    private static final String PASSED = " ";

    private Optional<EncryptedColumn> next(Job job) {
        return columns.stream()
                .filter(column -> name(column).compareTo(job.afterColumn()) >= 0)
                .findFirst();
    }

    private static String afterRow(Job job, EncryptedColumn column) {
        return job.afterColumn().equals(name(column)) ? job.afterRow() : "";
    }

    private static String name(EncryptedColumn column) {
        return column.table() + "." + column.column();
    }
}
