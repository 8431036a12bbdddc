package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;

import java.net.URI;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MediaHostsTest {
    private final MediaHosts hosts = new MediaHosts(List.of(URI.create("http://127.0.0.1:8082")));

    @ParameterizedTest
    @ValueSource(
            strings = {
                "https://lookaside.fbsbx.com/whatsapp_business/attachments/?mid=1&hash=x",
                "https://LOOKASIDE.fbsbx.com:443/x",
                "https://scontent-ams4-1.xx.fbcdn.net/v/x",
                "https://mmg.whatsapp.net/x",
                "http://127.0.0.1:8082/media/x"
            })
    void metas_hosts_are_asked(String url) {
        assertThat(hosts.isMetas(URI.create(url))).isTrue();
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "http://lookaside.fbsbx.com/x",
                "https://lookaside.fbsbx.com:8443/x",
                "https://lookaside.fbsbx.com.example.org/x",
                "https://example.org/lookaside.fbsbx.com",
                "https://lookaside.fbsbx.com@example.org/x",
                "https://someone@lookaside.fbsbx.com/x",
                "https://example.org#lookaside.fbsbx.com",
                "https://apps-123.apps.fbsbx.com/x",
                "https://evilfbcdn.net/x",
                "https://fbcdn.net.example.org/x",
                "https://169.254.169.254/latest/meta-data",
                "http://127.0.0.1:8083/media/x",
                "https://127.0.0.1:8082/media/x",
                "http://localhost:8082/media/x",
                "file:///etc/passwd",
                "jar:https://lookaside.fbsbx.com/x!/",
                "//lookaside.fbsbx.com/x",
                "/media/x",
                ""
            })
    void no_other_is(String url) {
        assertThat(hosts.isMetas(URI.create(url))).isFalse();
    }
}
