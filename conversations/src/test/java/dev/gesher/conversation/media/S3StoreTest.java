package dev.gesher.conversation.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.SecretText;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against a server that reckons every signature anew. */
class S3StoreTest extends ObjectStoreContract {
    private S3Server server;
    private S3Store store;

    @BeforeEach
    void start() throws IOException {
        server = new S3Server();
        store = store(S3Server.SECRET_KEY);
    }

    @AfterEach
    void stop() {
        store.close();
        server.close();
    }

    @Override
    ObjectStore store() {
        return store;
    }

    private S3Store store(String secret) {
        var base = settings();
        return new S3Store(
                new MediaSettings(
                        base.dir(),
                        Optional.of(S3Server.BUCKET),
                        Optional.of(server.uri()),
                        S3Server.REGION,
                        Optional.of(S3Server.ACCESS_KEY),
                        Optional.of(SecretText.of(secret)),
                        base.hands(),
                        base.handsOfOneTenant(),
                        base.longest(),
                        base.lease(),
                        base.firstPause()));
    }

    @Test
    void a_wrong_key_is_refused_and_says_nothing_of_itself() throws IOException {
        var file = Files.writeString(folder.resolve("file"), "x");
        var wrong = store("another-secret-key");

        assertThatThrownBy(() -> wrong.put("tenant/0a/file", file))
                .isInstanceOf(IOException.class)
                .hasStackTraceContaining("Status Code: 403")
                .satisfies(e ->
                        assertThat(org.assertj.core.util.Throwables.getStackTrace(e))
                                .doesNotContain("another-secret-key"));
        wrong.close();
        assertThat(server.objects()).isEmpty();
        assertThat(server.refusals()).containsOnly("a wrong signature");
    }

    @Test
    void one_that_is_away_is_an_io_exception() throws IOException {
        var file = Files.writeString(folder.resolve("file"), "x");
        server.away(true);

        assertThatThrownBy(() -> store.put("tenant/0a/file", file)).isInstanceOf(IOException.class);
        assertThatThrownBy(() -> store.open("tenant/0a/file")).isInstanceOf(IOException.class);

        server.away(false);
        store.put("tenant/0a/file", file);
        assertThat(server.objects()).containsOnlyKeys("tenant/0a/file");
    }
}
