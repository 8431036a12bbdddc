package dev.gesher.tenant.vault;

import dev.gesher.tenant.KeyRotations.Layer;
import dev.gesher.tenant.KeyRotations.Request;
import dev.gesher.tenant.KeyRotations.Rotation;
import dev.gesher.tenant.KeyRotations.State;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Clock;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The table {@code key_rotations}: what was asked for, and how far it is. */
@Singleton
final class RotationRows {
    private final Clock clock;

    RotationRows(Clock clock) {
        this.clock = clock;
    }

    /** What is done to one tenant after the other. */
    enum Step {
        /** Wrap every key with the configured key-encryption key. */
        REWRAP,
        /** Make new data and look-up keys, and encrypt secrets with them. */
        MAKE_KEYS,
        /** Wait until nobody encrypts with an old data key any more. */
        SETTLE,
        /** Encrypt content anew, then destroy the old data keys. */
        REENCRYPT
    }

    /**
     * A rotation at work.
     *
     * @param afterTenant the last tenant that this step has passed
     * @param afterColumn the last column that it has passed of the next one
     * @param afterRow the last row that it has passed of the next column
     * @param settled whether nobody encrypts with an old data key any more
     * @param failedHere how many values of the current tenant could not be read
     */
    record Job(
            UUID id,
            @Nullable TenantId tenant,
            boolean destroyOldKeys,
            State state,
            Step step,
            @Nullable UUID afterTenant,
            String afterColumn,
            String afterRow,
            boolean settled,
            long failedHere) {
        private static Job of(Row row) throws SQLException {
            var tenant = row.nullableUuid("tenant_id");
            return new Job(
                    row.uuid("rotation_id"),
                    tenant == null ? null : new TenantId(tenant),
                    row.bool("destroy_old_keys"),
                    State.valueOf(upper(row.text("state"))),
                    Step.valueOf(upper(row.text("step"))),
                    row.nullableUuid("after_tenant"),
                    Optional.ofNullable(row.nullableText("after_column")).orElse(""),
                    Optional.ofNullable(row.nullableText("after_row")).orElse(""),
                    row.bool("settled"),
                    row.longInteger("rows_failed_here"));
        }
    }

    /** False if one of that layer is not over yet. */
    boolean insert(Tx tx, UUID id, Request request, String actor) throws SQLException {
        var tenant = request.tenant().orElse(null);
        return tx.update(
                        """
                        INSERT INTO key_rotations
                            (rotation_id, layer, tenant_id, destroy_old_keys, state, step, requested_by, requested_at)
                        VALUES (?, ?, ?, ?, 'waiting', ?, ?, ?)
                        ON CONFLICT (layer) WHERE finished_at IS NULL DO NOTHING
                        """,
                        id,
                        request.layer(),
                        tenant == null ? null : tenant.value(),
                        request.destroyOldKeys(),
                        request.layer() == Layer.DATA_KEYS ? Step.MAKE_KEYS : Step.REWRAP,
                        actor,
                        clock.instant())
                == 1;
    }

    Optional<UUID> underWay(Tx tx, Layer layer) throws SQLException {
        return tx.one(
                "SELECT rotation_id FROM key_rotations WHERE layer = ? AND finished_at IS NULL",
                row -> row.uuid("rotation_id"),
                layer);
    }

    Optional<Rotation> find(Tx tx, UUID id) throws SQLException {
        return tx.one(
                "SELECT * FROM key_rotations WHERE rotation_id = ?", RotationRows::rotation, id);
    }

    List<Rotation> list(Tx tx, @Nullable UUID before, int limit) throws SQLException {
        return tx.query(
                """
                SELECT * FROM key_rotations
                WHERE ?::uuid IS NULL OR (requested_at, rotation_id) <
                    (SELECT requested_at, rotation_id FROM key_rotations WHERE rotation_id = ?::uuid)
                ORDER BY requested_at DESC, rotation_id DESC LIMIT ?
                """,
                RotationRows::rotation,
                before,
                before,
                limit);
    }

    private static Rotation rotation(Row row) throws SQLException {
        var tenant = row.nullableUuid("tenant_id");
        return new Rotation(
                row.uuid("rotation_id"),
                Layer.valueOf(upper(row.text("layer"))),
                tenant == null ? null : new TenantId(tenant),
                row.bool("destroy_old_keys"),
                State.valueOf(upper(row.text("state"))),
                row.integer("total"),
                row.integer("done"),
                row.integer("failed"),
                row.longInteger("rows_done"),
                row.instant("requested_at"),
                row.nullableInstant("started_at"),
                row.nullableInstant("finished_at"));
    }

    // --- work

    /** Those that are not over, the oldest first. */
    List<Job> jobs(Tx tx) throws SQLException {
        return tx.query(
                """
                SELECT *, coalesce(keys_made_at + ? * interval '1 second' <= clock_timestamp(), false) AS settled
                FROM key_rotations WHERE finished_at IS NULL ORDER BY requested_at
                """,
                Job::of,
                (int) VaultCaches.AHEAD.plus(VaultCaches.AFTERWARDS).toSeconds());
    }

    /** The platform comes first. */
    Optional<TenantId> nextTenant(Tx tx, Job job) throws SQLException {
        if (job.afterTenant() == null) {
            return Optional.of(job.tenant() == null ? TenantId.PLATFORM : job.tenant());
        }
        if (job.tenant() != null) {
            return Optional.empty();
        }
        return tx.one(
                """
                SELECT tenant_id FROM tenant_directory WHERE tenant_id > ?
                ORDER BY tenant_id LIMIT 1
                """,
                Row::tenant,
                job.afterTenant());
    }

    void begin(Tx tx, Job job) throws SQLException {
        tx.update(
                """
                UPDATE key_rotations SET state = 'running', started_at = ?, total =
                    CASE WHEN tenant_id IS NOT NULL THEN 1
                         ELSE 1 + (SELECT count(*) FROM tenant_directory) END
                WHERE rotation_id = ?
                """,
                clock.instant(),
                job.id());
    }

    /** The step has passed this tenant, and has more to do on it later. */
    void passed(Tx tx, Job job, TenantId tenant) throws SQLException {
        tx.update(
                "UPDATE key_rotations SET after_tenant = ? WHERE rotation_id = ?",
                tenant,
                job.id());
    }

    /** This tenant is finished, one way or the other. Tenants that came since count too. */
    void finished(Tx tx, Job job, TenantId tenant, boolean well) throws SQLException {
        tx.update(
                """
                UPDATE key_rotations SET after_tenant = ?, after_column = NULL, after_row = NULL,
                    rows_failed_here = 0, done = done + ?, failed = failed + ?,
                    total = greatest(total, done + failed + 1)
                WHERE rotation_id = ?
                """,
                tenant,
                well ? 1 : 0,
                well ? 0 : 1,
                job.id());
    }

    /**
     * Whether the tenant got its new keys from this rotation, as its audit says, or came after it
     * had begun: only then are its other keys old ones.
     */
    boolean hasNewKeys(Tx tx, Job job, TenantId tenant) throws SQLException {
        return tx.one(
                        """
                        SELECT EXISTS (SELECT FROM audit_log
                                WHERE tenant_id = ? AND action = 'keys.rotated' AND object = ?)
                            OR (SELECT min(created_at) FROM tenant_keys WHERE tenant_id = ? AND kind = 'data')
                                >= (SELECT started_at FROM key_rotations WHERE rotation_id = ?) AS made
                        """,
                        row -> row.bool("made"),
                        tenant,
                        job.id().toString(),
                        tenant,
                        job.id())
                .orElse(false);
    }

    void moveTo(Tx tx, Job job, Step step) throws SQLException {
        tx.update(
                """
                UPDATE key_rotations SET step = ?, after_tenant = NULL,
                    keys_made_at = coalesce(keys_made_at, clock_timestamp())
                WHERE rotation_id = ?
                """,
                step,
                job.id());
    }

    void position(Tx tx, Job job, String column, String row, int rowsDone, int rowsFailed)
            throws SQLException {
        tx.update(
                """
                UPDATE key_rotations SET after_column = ?, after_row = ?, rows_done = rows_done + ?,
                    rows_failed = rows_failed + ?, rows_failed_here = rows_failed_here + ?
                WHERE rotation_id = ?
                """,
                column,
                row,
                rowsDone,
                rowsFailed,
                rowsFailed,
                job.id());
    }

    /** It is over; answers how. */
    State end(Tx tx, Job job) throws SQLException {
        return tx.one(
                        """
                        UPDATE key_rotations SET finished_at = ?,
                            state = CASE WHEN failed = 0 THEN 'done' ELSE 'failed' END
                        WHERE rotation_id = ? RETURNING state
                        """,
                        row -> State.valueOf(upper(row.text("state"))),
                        clock.instant(),
                        job.id())
                .orElseThrow();
    }

    private static String upper(String name) {
        return name.toUpperCase(Locale.ROOT);
    }
}
