package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.AfterRestore;
import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Tx;
import dev.gesher.tenant.vault.KeyRows.Slot;
import jakarta.inject.Singleton;
import java.security.GeneralSecurityException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The platform's keys of the day. Each is looked up again after a minute: those of yesterday, today
 * and tomorrow while work goes on with them, an older one, which may be destroyed at any time,
 * before.
 */
@Singleton
final class PlatformDayKeys implements DayKeys, AfterRestore {
    private static final Logger LOG = LoggerFactory.getLogger(PlatformDayKeys.class);
    private static final DateTimeFormatter VERSION =
            DateTimeFormatter.ofPattern("uuuuMMdd", Locale.ROOT);

    /** Longer than {@link VaultCaches#KEPT}: the work that asked for the day is still at it. */
    private static final Duration FORGOTTEN = Duration.ofMinutes(5);

    private static final String NOTICE = "inbox_day";

    private final TenantScope scope;
    private final KeyRows rows;
    private final Clock clock;
    private final Notices notices;
    private final ConcurrentHashMap<LocalDate, Opened> opened = new ConcurrentHashMap<>();
    private final AtomicBoolean openingBeside = new AtomicBoolean();

    /** How often it was told that what it keeps is untrue. */
    private final AtomicLong told = new AtomicLong();

    PlatformDayKeys(TenantScope scope, KeyRows rows, Clock clock, Notices notices) {
        this.scope = scope;
        this.rows = rows;
        this.clock = clock;
        this.notices = notices;
        notices.listen(
                NOTICE,
                new Notices.Listener() {
                    @Override
                    public void heard(TenantId tenant, String object) {
                        if (object.isEmpty()) {
                            forget();
                        } else {
                            told.incrementAndGet();
                            opened.remove(LocalDate.parse(object));
                        }
                    }

                    @Override
                    public void missed() {
                        forget();
                    }
                });
    }

    /** Work that asked for a day before this goes on with the key it was given. */
    @Override
    public void forget() {
        told.incrementAndGet();
        opened.replaceAll((day, key) -> key.doubted());
    }

    @Override
    public void prepare(Instant noticedAt) {
        scope.in(
                TenantId.PLATFORM,
                tx -> {
                    notices.announce(tx, NOTICE, TenantId.PLATFORM, "");
                    return true;
                });
    }

    @Override
    public void ready(LocalDate day) {
        var now = clock.instant();
        var today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        var key = opened.get(day);
        boolean recent = isRecent(day, today);
        if (key == null || key.stale() || (!recent && key.isOld(now))) {
            open(day, recent, now);
        }
        if (day.equals(today) && !isKnown(day.plusDays(1))) {
            openBeside(day.plusDays(1), now);
        } else if (recent && key != null && key.isOld(now)) {
            openBeside(day, now);
        }
    }

    private boolean isKnown(LocalDate day) {
        var key = opened.get(day);
        return key != null && !key.stale();
    }

    @Override
    public boolean isReady(LocalDate day) {
        var now = clock.instant();
        var today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        var key = opened.get(day);
        if (key == null || key.stale() || !isRecent(day, today)) {
            return false;
        }
        if (key.isOld(now)) {
            openBeside(day, now);
        }
        return !day.equals(today) || isKnown(day.plusDays(1));
    }

    @Override
    public byte[] encrypt(LocalDate day, String place, byte[] plaintext) {
        try {
            return key(day).encrypt(plaintext, associatedData(day, place));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("could not be encrypted", e);
        }
    }

    @Override
    public byte[] decrypt(LocalDate day, String place, byte[] ciphertext) {
        try {
            return key(day).decrypt(ciphertext, associatedData(day, place));
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("was encrypted for another place or day", e);
        }
    }

    @Override
    public void destroy(Tx tx, LocalDate day) throws SQLException {
        if (!day.isBefore(LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC).minusDays(1))) {
            throw new IllegalArgumentException("the key of " + day + " is in use");
        }
        rows.delete(tx, slot(day));
        notices.announce(tx, NOTICE, TenantId.PLATFORM, day.toString());
    }

    private Aead key(LocalDate day) {
        var key = opened.get(day);
        if (key == null) {
            throw new IllegalStateException(
                    "the key of " + day + " is gone, or was not made ready");
        }
        return key.key();
    }

    /**
     * Keeps a key only once the transaction that may have made it has committed: what is encrypted
     * under a key that was rolled back is lost.
     *
     * @param make not for a day long past, whose key was destroyed for good
     */
    private void open(LocalDate day, boolean make, Instant now) {
        long before;
        do {
            before = told.get();
            read(day, make, now);
        } while (before != told.get()); // what was read may be what was destroyed just then
        forgetOld(now);
    }

    private void read(LocalDate day, boolean make, Instant now) {
        var slot = slot(day);
        var stored = scope.in(TenantId.PLATFORM, tx -> rows.read(tx, slot));
        if (stored.isEmpty() && make) {
            if (opened.containsKey(day)) {
                LOG.error(
                        "the key of {} is gone from the database, as if it had lost its latest commits:"
                                + " what came since cannot be read",
                        day);
            }
            var fresh = rows.make(slot);
            stored =
                    scope.in(
                            TenantId.PLATFORM,
                            tx -> {
                                rows.insert(tx, fresh);
                                return rows.read(tx, slot);
                            });
        }
        var known = opened.get(day);
        stored.ifPresentOrElse(
                row ->
                        opened.put(
                                day,
                                known != null && Arrays.equals(known.wrapped(), row.wrapped())
                                        ? known.seenAt(now)
                                        : opened(row, now)),
                () -> opened.remove(day));
    }

    private Opened opened(KeyRows.Wrapped row, Instant now) {
        return new Opened(rows.openOne(row, Aead.class), row.wrapped(), now, false);
    }

    private static Slot slot(LocalDate day) {
        return new Slot(
                TenantId.PLATFORM, KeyKind.INBOX_DAY, Integer.parseInt(VERSION.format(day)));
    }

    /** Makes the key of a recent day, or looks whether it is there still, while others go on. */
    private void openBeside(LocalDate day, Instant now) {
        if (!openingBeside.compareAndSet(false, true)) {
            return;
        }
        Thread.ofVirtual()
                .name("day-key-" + day)
                .start(() -> {
                    try {
                        open(day, true, now);
                    } catch (RuntimeException e) {
                        LOG.warn("the key of {} could not be read or made ahead yet", day, e);
                    } finally {
                        openingBeside.set(false);
                    }
                });
    }

    private void forgetOld(Instant now) {
        var today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        opened.entrySet()
                .removeIf(entry ->
                        !isRecent(entry.getKey(), today)
                                && entry.getValue().at().plus(FORGOTTEN).isBefore(now));
    }

    private static boolean isRecent(LocalDate day, LocalDate today) {
        return !day.isBefore(today.minusDays(1)) && !day.isAfter(today.plusDays(1));
    }

    private static byte[] associatedData(LocalDate day, String place) {
        return AssociatedData.of("inbox", day, place);
    }

    /**
     * A key in memory.
     *
     * @param wrapped as it is stored: the same need not be opened again
     * @param stale whether the database may not have it any more
     */
    private record Opened(Aead key, byte[] wrapped, Instant at, boolean stale) {
        Opened seenAt(Instant now) {
            return new Opened(key, wrapped, now, false);
        }

        Opened doubted() {
            return new Opened(key, wrapped, at, true);
        }

        boolean isOld(Instant now) {
            return at.plus(VaultCaches.KEPT).isBefore(now);
        }
    }
}
