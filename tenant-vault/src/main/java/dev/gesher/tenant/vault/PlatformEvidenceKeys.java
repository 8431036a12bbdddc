package dev.gesher.tenant.vault;

import com.google.crypto.tink.AccessesPartialKey;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.InsecureSecretKeyAccess;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.AesGcmKey;
import com.google.crypto.tink.aead.AesGcmParameters;
import com.google.crypto.tink.prf.PrfSet;
import com.google.crypto.tink.util.SecretBytes;
import dev.gesher.tenant.ContentCipher;
import dev.gesher.tenant.EvidenceKeys;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import jakarta.inject.Singleton;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.time.Clock;
import java.util.HashMap;
import java.util.List;

/**
 * Seals are HKDF-SHA-256 under the evidence key over purpose and content's SHA-256, after four
 * bytes for the key's version; the keys that encrypt are derived from it.
 */
@Singleton
final class PlatformEvidenceKeys implements EvidenceKeys {
    private static final List<TenantId> PLATFORM = List.of(TenantId.PLATFORM);
    private static final int MAC_LENGTH = Evidence.SEAL_LENGTH - Integer.BYTES;

    private final TenantScope scope;
    private final KeyRows rows;
    private final OpenedKeys<Pair> opened;

    PlatformEvidenceKeys(TenantScope scope, KeyRows rows, Clock clock) {
        this.scope = scope;
        this.rows = rows;
        this.opened = new OpenedKeys<>(clock);
    }

    /** One version of the key, and what is derived from it. */
    private static final class Pair {
        private final PrfSet prf;
        private final Aead aead;

        Pair(PrfSet prf) {
            this.prf = prf;
            this.aead = derived(prf);
        }

        @AccessesPartialKey
        private static Aead derived(PrfSet prf) {
            try {
                byte[] key = prf.computePrimary(AssociatedData.of("evidence", "encrypt"), 32);
                var parameters = (AesGcmParameters) KeyKind.DATA.parameters();
                return KeysetHandle.newBuilder()
                        .addEntry(
                                KeysetHandle.importKey(
                                                AesGcmKey.builder()
                                                        .setParameters(parameters)
                                                        .setKeyBytes(
                                                                SecretBytes.copyFrom(
                                                                        key,
                                                                        InsecureSecretKeyAccess
                                                                                .get()))
                                                        .build())
                                        .withRandomId()
                                        .makePrimary())
                        .build()
                        .getPrimitive(TinkSetup.configuration(), Aead.class);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("a key could not be derived", e);
            }
        }

        byte[] mac(String purpose, byte[] content) {
            try {
                byte[] digest = MessageDigest.getInstance("SHA-256").digest(content);
                byte[] label = AssociatedData.of("evidence", "seal", purpose);
                return prf.computePrimary(
                        ByteBuffer.allocate(label.length + digest.length)
                                .put(label)
                                .put(digest)
                                .array(),
                        MAC_LENGTH);
            } catch (GeneralSecurityException e) {
                throw new IllegalStateException("evidence could not be sealed", e);
            }
        }
    }

    @Override
    public Evidence open() {
        var known = opened.of(PLATFORM).get(TenantId.PLATFORM);
        if (known == null) {
            var mark = opened.mark();
            var stored = scope.in(PLATFORM, tx -> rows.read(tx, PLATFORM, KeyKind.EVIDENCE));
            var read = rows.open(stored, PrfSet.class);
            var pairs = new HashMap<TenantId, Keyring<Pair>>();
            read.forEach((tenant, keyring) -> pairs.put(tenant, keyring.map(Pair::new)));
            opened.keep(mark, pairs);
            known = pairs.get(TenantId.PLATFORM);
            if (known == null) {
                throw new IllegalStateException("the platform has no evidence key");
            }
        }
        return new Opened(known);
    }

    private record Opened(Keyring<Pair> keys) implements Evidence {
        @Override
        public byte[] seal(String purpose, byte[] content) {
            return seal(keys.currentVersion(), purpose, content);
        }

        @Override
        public boolean isSealed(String purpose, byte[] content, byte[] seal) {
            if (seal.length != SEAL_LENGTH) {
                return false;
            }
            int version = ByteBuffer.wrap(seal).getInt();
            return keys.has(version)
                    && MessageDigest.isEqual(seal, seal(version, purpose, content));
        }

        private byte[] seal(int version, String purpose, byte[] content) {
            return ByteBuffer.allocate(SEAL_LENGTH)
                    .putInt(version)
                    .put(keys.version(version).mac(purpose, content))
                    .array();
        }

        @Override
        public ContentCipher cipher() {
            return new KeyringCipher(TenantId.PLATFORM, keys.map(pair -> pair.aead));
        }
    }
}
