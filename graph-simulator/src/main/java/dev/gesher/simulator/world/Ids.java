package dev.gesher.simulator.world;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Random;

/** Makes the ids, codes and tokens that Meta would make; one seed gives one sequence. */
public final class Ids {
    private static final String ALPHABET =
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    private final Random random;

    public Ids(long seed) {
        this.random = new Random(seed);
    }

    /** A node id: 15 digits, as Meta's WABA, number and media ids. */
    public synchronized String node() {
        return Long.toString(100_000_000_000_000L + random.nextLong(899_999_999_999_999L));
    }

    public String accessToken() {
        return "EAA" + letters(170);
    }

    public String signupCode() {
        return "AQ" + letters(120);
    }

    public String trace() {
        return "A" + letters(22);
    }

    /** 32 hex digits, as conversation ids have. */
    public synchronized String hex() {
        var bytes = new byte[16];
        random.nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }

    public String letters(int count) {
        var text = new StringBuilder(count);
        synchronized (this) {
            for (var i = 0; i < count; i++) {
                text.append(ALPHABET.charAt(random.nextInt(ALPHABET.length())));
            }
        }
        return text.toString();
    }

    /** True with this probability. */
    public synchronized boolean chance(double probability) {
        return probability >= 1 || random.nextDouble() < probability;
    }

    /**
     * A message id. Like Meta's it is base64 of a small binary record that carries the other side's
     * number (so a wamid is personal data), the direction and 18 hex digits.
     */
    public String wamid(String address, boolean outbound) {
        var number = address.getBytes(StandardCharsets.US_ASCII);
        var unique = hex().substring(0, 18).toUpperCase(java.util.Locale.ROOT);
        var bytes = new java.io.ByteArrayOutputStream();
        bytes.writeBytes(new byte[] {0x1c, 0x18, (byte) number.length});
        bytes.writeBytes(number);
        bytes.writeBytes(
                new byte[] {0x15, 0x02, 0x00, (byte) (outbound ? 0x11 : 0x12), 0x18, 0x12});
        bytes.writeBytes(unique.getBytes(StandardCharsets.US_ASCII));
        bytes.write(0);
        return "wamid." + Base64.getEncoder().encodeToString(bytes.toByteArray());
    }
}
