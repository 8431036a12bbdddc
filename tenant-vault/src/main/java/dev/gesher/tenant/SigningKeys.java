package dev.gesher.tenant;

import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.jwk.ECKey;
import java.time.Instant;
import java.util.List;

/** The platform's ES256 keys for the tokens it issues. Private halves are kept in the vault. */
public interface SigningKeys {
    /** The key that signs now. Opens a transaction at times: not to be called inside one. */
    SigningKey current();

    /**
     * The public keys to verify with and to publish, newest first: the one that signs, a next one
     * from five minutes before it signs, and old ones until their last token has ended. Opens a
     * transaction at times: not to be called inside one.
     */
    List<ECKey> published();

    /**
     * Makes a new key, audited, and publishes it; it signs five minutes later, when whoever caches
     * the published keys has had the time to see it.
     *
     * @return when the new key will sign
     */
    Instant rotate(String actor);

    /** A key that signs; prints its {@code kid} only. */
    final class SigningKey {
        private final String kid;
        private final JWSSigner signer;

        public SigningKey(String kid, JWSSigner signer) {
            this.kid = kid;
            this.signer = signer;
        }

        /** The key id that goes into a token's header. */
        public String kid() {
            return kid;
        }

        /** Signs with {@code ES256}. */
        public JWSSigner signer() {
            return signer;
        }

        @Override
        public String toString() {
            return "SigningKey[" + kid + "]";
        }
    }
}
