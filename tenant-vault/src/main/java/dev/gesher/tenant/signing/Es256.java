package dev.gesher.tenant.signing;

import com.nimbusds.jose.JOSEException;
import com.nimbusds.jose.JWSAlgorithm;
import com.nimbusds.jose.JWSSigner;
import com.nimbusds.jose.crypto.ECDSASigner;
import com.nimbusds.jose.jwk.Curve;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.KeyUse;
import com.nimbusds.jose.jwk.gen.ECKeyGenerator;
import dev.gesher.tenant.SecretText;
import java.text.ParseException;
import java.util.UUID;

/** Makes, reads and uses keys for ES256. */
final class Es256 {
    private Es256() {}

    /** A new key pair. It prints its private half: keep it in a local variable. */
    static ECKey generate() {
        try {
            return new ECKeyGenerator(Curve.P_256)
                    .keyID(UUID.randomUUID().toString())
                    .keyUse(KeyUse.SIGNATURE)
                    .algorithm(JWSAlgorithm.ES256)
                    .generate();
        } catch (JOSEException e) {
            throw new IllegalStateException("a signing key could not be made", e);
        }
    }

    static JWSSigner signer(SecretText privateKey) {
        try {
            return new ECDSASigner(parse(privateKey.reveal()));
        } catch (JOSEException e) {
            throw new IllegalStateException("a signing key cannot sign", e);
        }
    }

    static ECKey parse(String jwk) {
        try {
            return ECKey.parse(jwk);
        } catch (ParseException e) {
            // Not kept as the cause: a parser's message may quote what it read.
            throw new IllegalStateException("a signing key is no JWK");
        }
    }
}
