package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.tenant.SecretText;
import dev.gesher.testkit.SettableClock;
import dev.gesher.whatsapp.MetaSettings;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.HexFormat;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignedRequestsTest {
    private final SettableClock clock = SettableClock.at("2026-11-20T09:00:00Z");
    private final SignedRequests requests =
            new SignedRequests(
                    new WebhookSignature(
                            new MetaSettings(
                                    "1",
                                    SecretText.of(Fixtures.SECRET),
                                    SecretText.of(Fixtures.PREVIOUS),
                                    "",
                                    null,
                                    URI.create("https://graph.facebook.com"),
                                    "v21.0")),
                    clock);

    private String signed(String user, String secret) {
        var payload =
                "{\"algorithm\":\"HMAC-SHA256\",\"issued_at\":%d,%s\"expires\":0}"
                        .formatted(clock.instant().getEpochSecond(), user);
        var base64 = Base64.getUrlEncoder().withoutPadding();
        var encoded = base64.encodeToString(payload.getBytes(StandardCharsets.UTF_8));
        var header = Fixtures.sign(encoded.getBytes(StandardCharsets.UTF_8), secret);
        var mac = HexFormat.of().parseHex(header.substring("sha256=".length()));
        return base64.encodeToString(mac) + "." + encoded;
    }

    private static String user(String json) {
        return "\"user_id\":" + json + ",";
    }

    @Test
    void either_secret_signs_and_no_other() {
        for (var secret : new String[] {Fixtures.SECRET, Fixtures.PREVIOUS}) {
            var read = requests.read(signed(user("\"218471\""), secret)).orElseThrow();
            assertThat(read.userId()).contains("218471");
            assertThat(read.issuedAt()).isEqualTo(clock.instant());
        }
        assertThat(requests.read(signed(user("\"218471\""), "another secret"))).isEmpty();
    }

    @Test
    void a_person_may_be_a_number_missing_or_nonsense() {
        assertThat(read(user("218471"))).contains("218471");
        assertThat(read("")).isEmpty();
        assertThat(read(user("null"))).isEmpty();
        assertThat(read(user("{\"a\":1}"))).isEmpty();
        assertThat(read(user("\"" + "9".repeat(65) + "\""))).isEmpty();
        assertThat(read(user("\"a b\""))).isEmpty();
    }

    private Optional<String> read(String user) {
        return requests.read(signed(user, Fixtures.SECRET)).orElseThrow().userId();
    }

    @Test
    void is_good_for_a_day() {
        var signed = signed(user("1"), Fixtures.SECRET);
        clock.advance(Duration.ofDays(1));
        assertThat(requests.read(signed)).isPresent();
        clock.advance(Duration.ofSeconds(1));
        assertThat(requests.read(signed)).isEmpty();
        clock.advance(Duration.ofDays(-1).minusMinutes(5).minusSeconds(1));
        assertThat(requests.read(signed)).isPresent();
        clock.advance(Duration.ofSeconds(-1));
        assertThat(requests.read(signed)).isEmpty();
    }
}
