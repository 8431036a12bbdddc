package dev.gesher.postgres;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.postgres.ServerUser.Ourselves;
import dev.gesher.postgres.ServerUser.SystemUser;
import dev.gesher.postgres.ServerUser.UserNamespace;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ServerUserTest {

    @Test
    void an_ordinary_user_runs_the_server_itself() {
        var user =
                ServerUser.choose(
                        machine(false, "setpriv", "runuser", "unshare"), Optional.empty());

        assertThat(user).isEqualTo(new Ourselves());
        assertThat(user.command(List.of("postgres", "-D", "x")))
                .containsExactly("postgres", "-D", "x");
    }

    @Test
    void root_drops_every_right_by_setpriv() {
        var user =
                ServerUser.choose(
                        machine(true, "setpriv", "runuser", "unshare"), Optional.of("nobody"));

        assertThat(user.command(List.of("postgres")))
                .startsWith("/bin/setpriv", "--reuid=nobody")
                .contains("--clear-groups", "--no-new-privs", "--inh-caps=-all")
                .endsWith("--", "postgres");
    }

    @Test
    void root_takes_runuser_where_setpriv_is_missing() {
        var user = ServerUser.choose(machine(true, "runuser", "unshare"), Optional.of("nobody"));

        assertThat(user.command(List.of("postgres")))
                .containsExactly("/bin/runuser", "-u", "nobody", "--", "postgres");
    }

    @Test
    void the_server_runs_as_the_owner_of_its_files() {
        assertThat(ServerUser.choose(machine(true, "setpriv"), Optional.of("daemon")))
                .isInstanceOfSatisfying(
                        SystemUser.class, user -> assertThat(user.name()).isEqualTo("daemon"));
    }

    @Test
    void a_user_namespace_is_the_last_choice() {
        assertThat(ServerUser.choose(machine(true, "unshare"), Optional.empty()))
                .isInstanceOf(UserNamespace.class);
        assertThat(ServerUser.choose(machine(true, "setpriv", "unshare"), Optional.of("root")))
                .as("files made in one")
                .isInstanceOf(UserNamespace.class);
    }

    @Test
    void root_without_any_of_them_is_told_what_to_do() {
        assertThatThrownBy(() -> ServerUser.choose(machine(true), Optional.empty()))
                .isInstanceOf(EmbeddedPostgresException.class)
                .hasMessageContaining("setpriv")
                .hasMessageContaining("DATABASE_URL");
    }

    private static Machine machine(boolean root, String... programs) {
        return new Machine(
                root,
                List.of(),
                name ->
                        Optional.of(Path.of("/bin", name))
                                .filter(_ -> List.of(programs).contains(name)));
    }
}
