package dev.gesher.tenant.restore;

import com.github.f4b6a3.uuid.UuidCreator;
import dev.gesher.tenant.AfterRestore;
import dev.gesher.tenant.AuditLog;
import dev.gesher.tenant.RestoreWatch;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.PollingWorker;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.db.Wakeups;
import dev.gesher.tenant.restore.Generations.Generation;
import dev.gesher.tenant.restore.Witness.Seen;
import io.micronaut.context.annotation.Value;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Looks at the start and every half minute, and counts each look in the database and in the file: a
 * copy of the database as it was before the last look is behind the file.
 */
@Singleton
final class DatabaseWatch extends PollingWorker implements RestoreWatch {
    private static final Logger log = LoggerFactory.getLogger(DatabaseWatch.class);
    private static final Duration EVERY = Duration.ofSeconds(30);

    private final TenantScope scope;
    private final AuditLog audit;
    private final Collection<AfterRestore> parts;
    private final Clock clock;
    private final Path folder;
    private long lookedAt = System.nanoTime();

    DatabaseWatch(
            TenantScope scope,
            AuditLog audit,
            Collection<AfterRestore> parts,
            Clock clock,
            Wakeups wakeups,
            @Value("${gesher.data-dir:data}") String folder) {
        super("database-watch", "database-watch", wakeups);
        this.scope = scope;
        this.audit = audit;
        this.parts = parts;
        this.clock = clock;
        this.folder = Path.of(folder);
    }

    @Override
    protected boolean round() {
        if (System.nanoTime() - lookedAt >= EVERY.toNanos()) {
            lookedAt = System.nanoTime();
            look();
        }
        return false;
    }

    private record Look(UUID first, Generation now) {}

    @Override
    public void look() {
        goOn(scope.in(TenantId.PLATFORM, this::count));
    }

    @Override
    public void declareRestored(String actor) {
        goOn(
                scope.in(
                        TenantId.PLATFORM,
                        tx -> {
                            Generations.lock(tx);
                            var before = Generations.latest(tx).orElseThrow();
                            var first = Generations.first(tx).orElseThrow();
                            return restored(tx, first, before, Generations.place(tx), actor);
                        }));
    }

    private void goOn(Look look) {
        new Witness(folder, look.first()).write(new Seen(look.now().id(), look.now().ticks()));
        if (!look.now().prepared()) {
            log.warn(
                    "the database was restored: sending is held, generation={}",
                    look.now().number());
            parts.forEach(part -> part.prepare(look.now().beganAt()));
            scope.platform(tx -> {
                Generations.prepared(tx, look.now(), now());
                return null;
            });
        }
    }

    private Look count(Tx tx) throws SQLException {
        Generations.lock(tx);
        var place = Generations.place(tx);
        var latest = Generations.latest(tx);
        if (latest.isEmpty()) {
            var first = new Generation(1, newId(), place, 1, false, now(), true);
            Generations.insert(tx, first);
            return new Look(first.id(), first);
        }
        var first = Generations.first(tx).orElseThrow();
        var before = latest.get();
        var witness = new Witness(folder, first);
        if (witness.read().isEmpty()) {
            log.warn(
                    "GESHER_DATA_DIR does not know this database: should it be a restored copy, say so"
                            + " (PUT /v1/operator/sending-hold)");
        }
        if (before.place().equals(place) && !isBehind(tx, before, witness)) {
            var next =
                    new Generation(
                            before.number(),
                            before.id(),
                            place,
                            before.ticks() + 1,
                            before.restored(),
                            before.beganAt(),
                            before.prepared());
            Generations.tick(tx, next);
            return new Look(first, next);
        }
        return restored(tx, first, before, place, "system:restore");
    }

    private Look restored(Tx tx, UUID first, Generation before, String place, String actor)
            throws SQLException {
        var next = new Generation(before.number() + 1, newId(), place, 1, true, now(), false);
        Generations.insert(tx, next);
        Generations.putHold(tx, "restored", next.beganAt());
        audit.record(
                tx,
                TenantId.PLATFORM,
                actor,
                "database.restored",
                next.id().toString(),
                Map.of("generation", Integer.toString(next.number())));
        return new Look(first, next);
    }

    /** The file knows a life of the database that it does not, or a later time of the same. */
    private static boolean isBehind(Tx tx, Generation latest, Witness witness) throws SQLException {
        Optional<Seen> seen = witness.read();
        if (seen.isEmpty()) {
            return false;
        }
        return seen.get().generation().equals(latest.id())
                ? seen.get().ticks() > latest.ticks()
                : !Generations.knows(tx, seen.get().generation());
    }

    private static UUID newId() {
        return UuidCreator.getTimeOrderedEpoch();
    }

    private Instant now() {
        return clock.instant().truncatedTo(ChronoUnit.MICROS); // as the database keeps it
    }
}
