package dev.gesher.conversation.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What every content storage promises. */
abstract class ObjectStoreContract {
    @TempDir Path folder;

    private final String tenant = UUID.randomUUID().toString();

    abstract ObjectStore store();

    MediaFolder mediaFolder() {
        return new MediaFolder(settings(), folder.toString());
    }

    static MediaSettings settings() {
        return new MediaSettings(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                "us-east-1",
                Optional.empty(),
                Optional.empty(),
                4,
                2,
                java.time.Duration.ofMinutes(1),
                java.time.Duration.ofMinutes(1),
                java.time.Duration.ofSeconds(1));
    }

    private void put(String name, String content) throws IOException {
        mediaFolder();
        var file = folder.resolve("media/incoming/" + UUID.randomUUID());
        Files.writeString(file, content);
        store().put(name, file);
    }

    private String read(String name) throws IOException {
        try (var in = store().open(name)) {
            return new String(in.readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        }
    }

    @Test
    void what_is_put_can_be_read_replaced_and_deleted() throws IOException {
        var name = tenant + "/0a/" + UUID.randomUUID();

        put(name, "one");
        assertThat(read(name)).isEqualTo("one");
        put(name, "two");
        assertThat(read(name)).isEqualTo("two");
        store().delete(name);
        store().delete(name);

        assertThatThrownBy(() -> read(name)).isInstanceOf(NoSuchFileException.class);
    }

    @Test
    void what_is_of_one_goes_and_the_rest_stays() throws IOException {
        var other = UUID.randomUUID() + "/00/file";
        put(other, "other");
        for (int n = 0; n < 250; n++) {
            put(tenant + "/" + "%02x".formatted(n % 16) + "/" + n, "mine");
        }

        while (store().deleteSome(tenant)) {
            // some at a time
        }

        for (int n = 0; n < 250; n++) {
            var name = tenant + "/" + "%02x".formatted(n % 16) + "/" + n;
            assertThatThrownBy(() -> read(name)).isInstanceOf(NoSuchFileException.class);
        }
        assertThat(read(other)).isEqualTo("other");
        assertThat(store().deleteSome(tenant)).isFalse();
    }
}
