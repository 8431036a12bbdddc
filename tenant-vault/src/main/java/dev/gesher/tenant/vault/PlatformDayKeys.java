package dev.gesher.tenant.vault;

import com.google.crypto.tink.Aead;
import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.tenant.db.DatabaseUnavailableException;
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
import java.util.Locale;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The platform's keys of the day. Those of yesterday, today and tomorrow stay in memory; an older
 * one, which may be destroyed at any time, is looked up again after a minute.
 */
@Singleton
final class PlatformDayKeys implements DayKeys {
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
    private final AtomicBoolean makingAhead = new AtomicBoolean();

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
                        opened.remove(LocalDate.parse(object));
                    }

                    @Override
                    public void missed() {
                        var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
                        opened.keySet().removeIf(day -> !isRecent(day, today));
                    }
                });
    }

    @Override
    public void ready(LocalDate day) {
        var now = clock.instant();
        var today = LocalDate.ofInstant(now, ZoneOffset.UTC);
        var key = opened.get(day);
        boolean recent = isRecent(day, today);
        if (key == null || (!recent && key.at().plus(VaultCaches.KEPT).isBefore(now))) {
            open(day, recent, now);
            forgetOld(today, now);
        }
        if (day.equals(today) && !opened.containsKey(day.plusDays(1))) {
            makeAhead(day.plusDays(1), now);
        }
    }

    @Override
    public boolean isReady(LocalDate day) {
        var today = LocalDate.ofInstant(clock.instant(), ZoneOffset.UTC);
        return isRecent(day, today)
                && opened.containsKey(day)
                && (!day.equals(today) || opened.containsKey(day.plusDays(1)));
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
        var slot = slot(day);
        var stored = scope.in(TenantId.PLATFORM, tx -> rows.read(tx, slot));
        if (stored.isEmpty() && make) {
            var fresh = rows.make(slot);
            stored =
                    scope.in(
                            TenantId.PLATFORM,
                            tx -> {
                                rows.insert(tx, fresh);
                                return rows.read(tx, slot);
                            });
        }
        stored.map(row -> rows.openOne(row, Aead.class))
                .ifPresentOrElse(
                        key -> opened.put(day, new Opened(key, now)), () -> opened.remove(day));
    }

    private static Slot slot(LocalDate day) {
        return new Slot(
                TenantId.PLATFORM, KeyKind.INBOX_DAY, Integer.parseInt(VERSION.format(day)));
    }

    private void makeAhead(LocalDate day, Instant now) {
        if (!makingAhead.compareAndSet(false, true)) {
            return;
        }
        Thread.ofVirtual()
                .name("day-key-" + day)
                .start(() -> {
                    try {
                        open(day, true, now);
                    } catch (DatabaseUnavailableException | DatabaseException e) {
                        LOG.warn("the key of {} could not be made ahead yet", day, e);
                    } finally {
                        makingAhead.set(false);
                    }
                });
    }

    private void forgetOld(LocalDate today, Instant now) {
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

    private record Opened(Aead key, Instant at) {}
}
