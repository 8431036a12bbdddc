package dev.gesher.tenant;

import java.util.UUID;

/** Encrypts and decrypts one tenant's content; safe for use by several threads. */
public interface ContentCipher {
    /**
     * Where a ciphertext lives; it decrypts nowhere else.
     *
     * @param row the row's id (the tenant is added by the cipher)
     */
    record Place(String table, String column, UUID row) {}

    /** Encrypts under the current data key. */
    byte[] encrypt(Place place, byte[] plaintext);

    /**
     * Decrypts what {@link #encrypt} made for the same place, under any data key that still exists.
     *
     * @throws IllegalStateException if it was made for another place or tenant, or its key is gone
     */
    byte[] decrypt(Place place, byte[] ciphertext);
}
