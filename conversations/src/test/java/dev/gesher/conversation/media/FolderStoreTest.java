package dev.gesher.conversation.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.StartRefusedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class FolderStoreTest extends ObjectStoreContract {
    @Override
    ObjectStore store() {
        return new FolderStore(mediaFolder());
    }

    @Test
    void files_and_folders_are_their_owners_alone() throws IOException {
        var incoming = new Incoming(mediaFolder(), java.time.Clock.systemUTC());
        try (var draft = incoming.begin()) {
            draft.stream().write(1);
            store().put("tenant/0a/file", draft.finished());
        }

        try (var all = Files.walk(folder.resolve("media"))) {
            for (var each : all.toList()) {
                assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(each)))
                        .as(each.toString())
                        .isEqualTo(Files.isDirectory(each) ? "rwx------" : "rw-------");
            }
        }
        assertThat(folder.resolve("media/objects/tenant/0a/file")).exists();
        try (var left = Files.list(folder.resolve("media/incoming"))) {
            assertThat(left).isEmpty();
        }
    }

    @Test
    void a_name_never_leads_out_of_the_folder() {
        var out = "../../" + UUID.randomUUID();

        assertThatThrownBy(() -> store().open(out)).isInstanceOf(IllegalArgumentException.class);
        assertThatThrownBy(() -> store().deleteSome("."))
                .isInstanceOf(IllegalArgumentException.class);
    }

    @Test
    void a_folder_that_cannot_be_used_refuses_the_start() throws IOException {
        Path file = Files.createFile(folder.resolve("file"));

        assertThatThrownBy(() -> new MediaFolder(settings(), file.toString()))
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("GESHER_MEDIA_DIR");
    }
}
