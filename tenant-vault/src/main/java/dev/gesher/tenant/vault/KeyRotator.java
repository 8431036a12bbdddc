package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.KeyRotations.State;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.TenantKeysDestroyedException;
import dev.gesher.tenant.db.Leases;
import dev.gesher.tenant.db.Leases.Lease;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.tenant.db.Work;
import dev.gesher.tenant.vault.KeyRows.Fresh;
import dev.gesher.tenant.vault.KeyRows.Slot;
import dev.gesher.tenant.vault.KeyRows.Start;
import dev.gesher.tenant.vault.RotationRows.Job;
import dev.gesher.tenant.vault.RotationRows.Step;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Does what {@link StoredKeyRotations} was asked for, one tenant after the other; one process at a
 * time, by a lease that each commit looks at. What a commit did and how far it is are one commit,
 * so whoever goes on after a death repeats nothing and leaves nothing out.
 */
@Singleton
final class KeyRotator extends PollingWorker {
    static final String TOPIC = "key-rotation";

    private static final Logger LOG = LoggerFactory.getLogger(KeyRotator.class);
    private static final String ACTOR = "system:key-rotation";
    private static final Duration LEASE = Duration.ofSeconds(30);

    private final TenantScope scope;
    private final Leases leases;
    private final RotationRows jobs;
    private final KeyRows rows;
    private final TenantKeys keys;
    private final Deployment deployment;
    private final Reencryption reencryption;
    private final AuditLog audit;

    KeyRotator(
            TenantScope scope,
            Leases leases,
            RotationRows jobs,
            KeyRows rows,
            TenantKeys keys,
            Deployment deployment,
            Reencryption reencryption,
            AuditLog audit,
            Wakeups wakeups) {
        super("key-rotation", TOPIC, wakeups);
        this.scope = scope;
        this.leases = leases;
        this.jobs = jobs;
        this.rows = rows;
        this.keys = keys;
        this.deployment = deployment;
        this.reencryption = reencryption;
        this.audit = audit;
    }

    /** Another process has taken over; nothing of this commit happens. */
    private static final class LeaseLostException extends RuntimeException {}

    @Override
    protected boolean round() {
        if (scope.platform(jobs::jobs).isEmpty()) {
            return false;
        }
        var lease = leases.acquire(TOPIC, LEASE);
        if (lease.isEmpty()) {
            return false;
        }
        boolean more = false;
        // Read again: until now another may have been at work.
        for (var job : scope.platform(jobs::jobs)) {
            try {
                more |= step(job, lease.get());
            } catch (LeaseLostException e) {
                LOG.info("another process goes on with key rotation={}", job.id());
                return false;
            }
        }
        return more && !stopping();
    }

    @Override
    protected void ended() {
        leases.acquire(TOPIC, LEASE).ifPresent(leases::release);
    }

    /** Does one tenant, or a part of one; answers whether there is more to do right now. */
    private boolean step(Job job, Lease lease) {
        if (job.state() == State.WAITING) {
            commit(
                    TenantId.PLATFORM,
                    lease,
                    tx -> {
                        jobs.begin(tx, job);
                        return true;
                    });
            LOG.info("key rotation={} begins", job.id());
        }
        if (job.step() == Step.SETTLE) {
            return job.settled() && moveTo(job, lease, Step.REENCRYPT);
        }
        var next = scope.platform(tx -> jobs.nextTenant(tx, job));
        if (next.isEmpty()) {
            return comesBack(job) ? moveTo(job, lease, Step.SETTLE) : end(job, lease);
        }
        var tenant = next.get();
        try {
            return switch (job.step()) {
                case REWRAP -> rewrap(job, lease, tenant);
                case MAKE_KEYS -> makeKeys(job, lease, tenant);
                case REENCRYPT -> reencrypt(job, lease, tenant);
                case SETTLE -> false;
            };
        } catch (TenantKeysDestroyedException e) {
            // Deleted meanwhile: there is nothing to rotate.
            return pass(job, lease, tenant, true);
        } catch (IllegalStateException e) {
            LOG.error("key rotation={} could not read what tenant={} has", job.id(), tenant, e);
            return pass(job, lease, tenant, false);
        }
    }

    private boolean rewrap(Job job, Lease lease, TenantId tenant) {
        var by = deployment.wrapping();
        var old = scope.in(tenant, tx -> rows.readWrappedByOthers(tx, tenant, by));
        var rewrapped = new ArrayList<KeyRows.Rewrapped>();
        boolean well = true;
        for (var row : old) {
            try {
                rewrapped.add(rows.rewrap(row, by));
            } catch (IllegalStateException e) {
                LOG.error("key {} could not be opened to be wrapped anew", row.slot(), e);
                well = false;
            }
        }
        boolean all = well;
        return commit(
                tenant,
                lease,
                tx -> {
                    for (var row : rewrapped) {
                        rows.replace(tx, row);
                    }
                    jobs.finished(tx, job, tenant, all);
                    return true;
                });
    }

    /** A new version of each key, known to all before it is used; secrets move to it at once. */
    private boolean makeKeys(Job job, Lease lease, TenantId tenant) {
        var stored = scope.in(tenant, tx -> rows.read(tx, List.of(tenant), KeyKind.DATA));
        var old = rows.open(stored, Aead.class).get(tenant);
        var newest = scope.in(tenant, tx -> rows.lockNewest(tx, tenant));
        if (old == null || newest.isEmpty()) {
            throw new TenantKeysDestroyedException(tenant);
        }
        newest.remove(KeyKind.INBOX_DAY); // a key of the day replaces itself
        var fresh = new ArrayList<Fresh>();
        newest.forEach(
                (kind, version) -> fresh.add(rows.make(new Slot(tenant, kind, version + 1))));
        return commit(
                tenant,
                lease,
                tx -> {
                    // In the order of whoever stores a secret of the platform.
                    var _ = deployment.holdWrapping(tx);
                    var now = rows.lockNewest(tx, tenant);
                    now.remove(KeyKind.INBOX_DAY);
                    if (!now.equals(newest)) {
                        return true; // destroyed, or somebody else made one: look again
                    }
                    for (var key : fresh) {
                        rows.insert(tx, key, Start.AHEAD);
                        rows.retireOlder(tx, key.slot());
                        if (key.slot().kind() == KeyKind.DATA) {
                            TenantVault.reencrypt(
                                    tx, tenant, old, key.slot().version(), key.open(Aead.class));
                        }
                    }
                    audit(tx, tenant, "keys.rotated", job);
                    pass(tx, job, tenant, true);
                    tx.afterCommit(() -> keys.drop(tenant));
                    return true;
                });
    }

    private boolean reencrypt(Job job, Lease lease, TenantId tenant) {
        return commit(
                tenant,
                lease,
                tx -> {
                    if (reencryption.part(tx, job, tenant)) {
                        return true;
                    }
                    if (job.failedHere() > 0 || !jobs.hasNewKeys(tx, job, tenant)) {
                        jobs.finished(tx, job, tenant, false);
                        return true;
                    }
                    destroyOld(tx, tenant);
                    audit(tx, tenant, "keys.old_destroyed", job);
                    jobs.finished(tx, job, tenant, true);
                    tx.afterCommit(() -> keys.drop(tenant));
                    return true;
                });
    }

    private void destroyOld(Tx tx, TenantId tenant) throws SQLException {
        Integer newest = rows.lockNewest(tx, tenant).get(KeyKind.DATA);
        if (newest == null) {
            throw new TenantKeysDestroyedException(tenant);
        }
        var keyring = keys.data(tx, tenant);
        TenantVault.reencrypt(tx, tenant, keyring, newest, keyring.version(newest));
        rows.deleteOlder(tx, new Slot(tenant, KeyKind.DATA, newest));
    }

    /** Whether another step will come to all tenants again. */
    private static boolean comesBack(Job job) {
        return job.step() == Step.MAKE_KEYS && job.destroyOldKeys();
    }

    private boolean pass(Job job, Lease lease, TenantId tenant, boolean well) {
        return commit(
                tenant,
                lease,
                tx -> {
                    pass(tx, job, tenant, well);
                    return true;
                });
    }

    private void pass(Tx tx, Job job, TenantId tenant, boolean well) throws SQLException {
        if (comesBack(job)) {
            jobs.passed(tx, job, tenant);
        } else {
            jobs.finished(tx, job, tenant, well);
        }
    }

    private boolean moveTo(Job job, Lease lease, Step step) {
        return commit(
                TenantId.PLATFORM,
                lease,
                tx -> {
                    jobs.moveTo(tx, job, step);
                    return true;
                });
    }

    private boolean end(Job job, Lease lease) {
        var state =
                commit(
                        TenantId.PLATFORM,
                        lease,
                        tx -> {
                            var how = jobs.end(tx, job);
                            if (job.step() == Step.REWRAP && how == State.DONE) {
                                deployment.forgetFormer(tx);
                            }
                            audit(tx, TenantId.PLATFORM, "key_rotation.ended", job);
                            return how;
                        });
        LOG.info("key rotation={} is over: {}", job.id(), state);
        return true;
    }

    private void audit(Tx tx, TenantId tenant, String action, Job job) throws SQLException {
        audit.record(tx, tenant, ACTOR, action, job.id().toString(), Map.of());
    }

    private <T> T commit(TenantId tenant, Lease lease, Work<T> work) {
        return scope.in(
                tenant,
                tx -> {
                    if (!leases.holds(tx, lease)) {
                        throw new LeaseLostException();
                    }
                    return work.run(tx);
                });
    }
}
