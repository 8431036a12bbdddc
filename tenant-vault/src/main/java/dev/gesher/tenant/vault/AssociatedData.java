package dev.gesher.tenant.vault;

import java.nio.charset.StandardCharsets;

/** Binds a ciphertext to where it belongs. */
final class AssociatedData {
    private AssociatedData() {}

    /**
     * One text for a list of parts, each with its length before it: no two lists have the same,
     * whatever separators their parts contain.
     */
    static byte[] of(Object... parts) {
        var text = new StringBuilder();
        for (var part : parts) {
            String value = part.toString();
            text.append(value.length()).append(':').append(value).append('|');
        }
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
