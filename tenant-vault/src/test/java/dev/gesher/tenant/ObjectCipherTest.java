package dev.gesher.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ObjectCipherTest {
    private static final int SEGMENT = 64 << 10;
    private final TenantId tenant = new TenantId(UUID.randomUUID());
    private final UUID object = UUID.randomUUID();
    private final byte[] key = ObjectCipher.newKey();

    private ObjectCipher cipher() {
        return new ObjectCipher(key, tenant, "media", object);
    }

    private static byte[] bytes(int count) {
        byte[] bytes = new byte[count];
        new Random(count).nextBytes(bytes);
        return bytes;
    }

    private byte[] encrypted(byte[] plain) throws IOException {
        var sealed = new ByteArrayOutputStream();
        try (var out = cipher().encrypting(sealed)) {
            out.write(plain);
        }
        return sealed.toByteArray();
    }

    private static byte[] decrypted(ObjectCipher cipher, byte[] sealed) throws IOException {
        try (var in = cipher.decrypting(new ByteArrayInputStream(sealed))) {
            return in.readAllBytes();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, SEGMENT - 1, SEGMENT, 5 * SEGMENT, 1_000_003})
    void what_was_encrypted_decrypts_and_is_not_seen(int count) throws IOException {
        byte[] plain = bytes(count);

        byte[] sealed = encrypted(plain);

        assertThat(decrypted(cipher(), sealed)).isEqualTo(plain);
        assertThat(encrypted(plain)).as("salted").isNotEqualTo(sealed);
    }

    @Test
    void it_decrypts_at_its_place_only() throws IOException {
        byte[] sealed = encrypted(bytes(100));
        var stranger = new TenantId(UUID.randomUUID());

        for (var other :
                new ObjectCipher[] {
                    new ObjectCipher(key, stranger, "media", object),
                    new ObjectCipher(key, tenant, "files", object),
                    new ObjectCipher(key, tenant, "media", UUID.randomUUID()),
                    new ObjectCipher(ObjectCipher.newKey(), tenant, "media", object)
                }) {
            assertThatThrownBy(() -> decrypted(other, sealed)).isInstanceOf(IOException.class);
        }
    }

    @Test
    void what_was_cut_or_changed_does_not_pass_for_whole() throws IOException {
        byte[] sealed = encrypted(bytes(3 * SEGMENT));

        for (int left : new int[] {0, 10, SEGMENT, 2 * SEGMENT, sealed.length - 1}) {
            assertThatThrownBy(() -> decrypted(cipher(), Arrays.copyOf(sealed, left)))
                    .as("cut to %d", left)
                    .isInstanceOf(IOException.class);
        }
        sealed[sealed.length - 1] ^= 1;
        assertThatThrownBy(() -> decrypted(cipher(), sealed)).isInstanceOf(IOException.class);
    }
}
