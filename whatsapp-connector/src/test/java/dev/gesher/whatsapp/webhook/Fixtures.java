package dev.gesher.whatsapp.webhook;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/** Bodies as Meta writes them, and their signatures. */
final class Fixtures {
    static final String SECRET = "the app secret";
    static final String PREVIOUS = "the secret before";

    private static final List<String> NAMES = listed();

    private Fixtures() {}

    static byte[] body(String name) {
        try (var in = Fixtures.class.getResourceAsStream("/webhook/fixtures/" + name + ".json")) {
            return Objects.requireNonNull(in, name).readAllBytes();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** All there are. */
    static List<String> names() {
        return NAMES;
    }

    private static List<String> listed() {
        try (var files = Files.list(folder())) {
            return files.map(file -> file.getFileName().toString().replace(".json", ""))
                    .sorted()
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    static Path folder() {
        try {
            return Path.of(
                    Objects.requireNonNull(Fixtures.class.getResource("/webhook/fixtures"))
                            .toURI());
        } catch (URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** A text message of one customer, one change. */
    static byte[] text(String phoneNumberId, String wabaId, String id, long seconds) {
        return bytes(
                """
                {"object":"whatsapp_business_account","entry":[{"id":"%s","changes":[{"field":"messages","value":\
                {"messaging_product":"whatsapp","metadata":{"display_phone_number":"972","phone_number_id":"%s"},\
                "messages":[{"from":"972541112222","id":"%s","timestamp":"%d","type":"text","text":{"body":"\\u05e9"}}]}}]}]}
                """
                        .formatted(wabaId, phoneNumberId, id, seconds));
    }

    /** A body with this one change. */
    static byte[] change(String json) {
        return bytes(
                """
                {"object":"whatsapp_business_account","entry":[{"id":"7001","changes":[%s]}]}
                """
                        .formatted(json));
    }

    static String sign(byte[] body) {
        return sign(body, SECRET);
    }

    static String sign(byte[] body, String secret) {
        try {
            var mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(bytes(secret), "HmacSHA256"));
            return "sha256=" + HexFormat.of().formatHex(mac.doFinal(body));
        } catch (GeneralSecurityException e) {
            throw new AssertionError(e);
        }
    }
}
