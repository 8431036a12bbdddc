package dev.gesher.tenant;

import dev.gesher.tenant.db.Tx;
import java.sql.SQLException;
import java.time.LocalDate;

/**
 * Encrypts what arrives before its tenant is known, with a platform key of the day (UTC) that is
 * destroyed when that day's retention is over. Keys are made ahead and cached, so no call waits for
 * the database when all is well. May open a transaction of its own: call {@link #ready} before a
 * transaction that will use the day.
 */
public interface DayKeys {
    /**
     * Makes sure that the key of {@code day} is in memory, making it in the database if none has.
     */
    void ready(LocalDate day);

    /**
     * Has {@link #ready} look at each day's key in the database again: that may be an older copy of
     * itself.
     */
    void forget();

    /** Whether {@link #ready} would return at once: for who must not wait for the database. */
    boolean isReady(LocalDate day);

    /**
     * Encrypts under the key of {@code day}, which must be {@link #ready}; {@code place} is its
     * associated data.
     */
    byte[] encrypt(LocalDate day, String place, byte[] plaintext);

    /**
     * Decrypts what {@link #encrypt} made for the same day and place; the day must be {@link
     * #ready}.
     *
     * @throws IllegalStateException if the key is gone, or the place is another
     */
    byte[] decrypt(LocalDate day, String place, byte[] ciphertext);

    /**
     * Destroys the key of a day for good, if it is there still. Once {@code tx} has committed
     * nothing encrypted on that day can be read: by this process at once, by others within seconds.
     *
     * @param tx of {@link TenantId#PLATFORM}
     * @param day before yesterday: a younger one's key would be made again
     */
    void destroy(Tx tx, LocalDate day) throws SQLException;
}
