package dev.gesher.whatsapp;

import java.util.Arrays;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;

/**
 * A file's SHA-256. Meta writes it in base64 in webhooks and in lower-case hex where a media object
 * is asked for, so it is compared as bytes. Prints nothing of itself: it tells which file it is.
 */
public final class Sha256 {
    private static final int BYTES = 32;

    private final byte[] bytes;

    private Sha256(byte[] bytes) {
        this.bytes = bytes;
    }

    /**
     * @throws IllegalArgumentException if there are not 32 bytes
     */
    public static Sha256 of(byte[] bytes) {
        if (bytes.length != BYTES) {
            throw new IllegalArgumentException("a SHA-256 of " + bytes.length + " bytes");
        }
        return new Sha256(bytes.clone());
    }

    /** Reads either way of writing it; empty if it is neither. */
    public static Optional<Sha256> parse(String text) {
        try {
            byte[] bytes =
                    text.length() == 2 * BYTES
                            ? HexFormat.of().parseHex(text)
                            : Base64.getDecoder().decode(text);
            return bytes.length == BYTES ? Optional.of(new Sha256(bytes)) : Optional.empty();
        } catch (IllegalArgumentException neither) {
            return Optional.empty();
        }
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof Sha256 that && Arrays.equals(bytes, that.bytes);
    }

    @Override
    public int hashCode() {
        return Arrays.hashCode(bytes);
    }

    @Override
    public String toString() {
        return "sha256";
    }
}
