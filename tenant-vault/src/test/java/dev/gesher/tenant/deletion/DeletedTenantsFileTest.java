package dev.gesher.tenant.deletion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.TenantId;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DeletedTenantsFileTest {
    private final TenantId one = new TenantId(UUID.randomUUID());
    private final TenantId other = new TenantId(UUID.randomUUID());

    @TempDir Path folder;

    private Path path() {
        return folder.resolve("below/deleted");
    }

    private DeletedTenantsFile opened() {
        return new DeletedTenantsFile(path().toString());
    }

    @Test
    void each_id_stands_once_on_a_line_and_is_found_again() throws IOException {
        var file = opened();
        file.add(one);
        file.add(one);
        file.add(other);

        assertThat(Files.readString(path())).isEqualTo(one + "\n" + other + "\n");
        var again = opened();
        again.add(other);
        assertThat(again.all()).containsExactlyInAnyOrder(one, other);
        assertThat(Files.readAllLines(path())).hasSize(2);
    }

    @Test
    void half_a_line_that_a_crash_left_spoils_no_other() throws IOException {
        Files.createDirectories(path().getParent());
        Files.writeString(path(), one + "\n" + other.toString().substring(0, 20));

        opened().add(other);

        assertThat(opened().all()).containsExactlyInAnyOrder(one, other);
        assertThat(Files.readAllLines(path())).endsWith(other.toString());
    }

    @Test
    void what_can_not_be_written_is_refused() throws IOException {
        Files.createDirectories(path());

        assertThatThrownBy(this::opened)
                .isInstanceOf(StartRefusedException.class)
                .hasMessageContaining("GESHER_DELETED_TENANTS_FILE");
    }
}
