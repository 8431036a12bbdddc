package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.SecretText;
import dev.gesher.whatsapp.graph.MediaDownloads.Result;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Against sockets: what a server may see of a token, and what is no whole file. */
class MediaDownloadsTest {
    private static final SecretText TOKEN = SecretText.of("EAAsecret");
    private static final String OK = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfile";

    private final List<SocketServer> servers = new ArrayList<>();
    private final List<URI> metas = new ArrayList<>();

    @AfterEach
    void stop() throws IOException {
        for (var server : servers) {
            server.close();
        }
    }

    private SocketServer server(SocketServer.Behaviour behaviour) throws IOException {
        var server = new SocketServer(behaviour);
        servers.add(server);
        return server;
    }

    private SocketServer metas(SocketServer.Behaviour behaviour) throws IOException {
        var server = server(behaviour);
        metas.add(server.uri());
        return server;
    }

    private Result open(URI url) {
        var timeouts =
                new GraphTimeouts(
                        Duration.ofSeconds(1),
                        Duration.ofMillis(300),
                        1,
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(1),
                        Duration.ofSeconds(1));
        return new MediaDownloads(new MediaHosts(metas), timeouts).open(url.toString(), TOKEN);
    }

    private static String redirect(URI to) {
        return "HTTP/1.1 302 Found\r\nLocation: " + to + "\r\nContent-Length: 0\r\n\r\n";
    }

    private static String text(Result result) throws IOException {
        assertThat(result).isInstanceOf(Result.Body.class);
        try (var stream = ((Result.Body) result).stream()) {
            return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static Result failed(String code) {
        return new Result.Failed(code, Optional.empty());
    }

    @Test
    void a_file_comes_to_who_shows_the_token_and_says_who_he_is() throws IOException {
        var meta = metas(socket -> SocketServer.write(socket, OK));

        assertThat(text(open(meta.uri()))).isEqualTo("file");
        assertThat(meta.requests().getFirst())
                .contains("Authorization: Bearer EAAsecret\r\n", "User-Agent: Gesher\r\n");
    }

    @Test
    void a_redirect_on_the_same_server_keeps_the_token() throws IOException {
        var meta =
                metas(socket ->
                        SocketServer.write(
                                socket,
                                servers.getFirst().requests().size() == 1
                                        ? redirect(URI.create("/elsewhere"))
                                        : OK));

        assertThat(text(open(meta.uri()))).isEqualTo("file");
        assertThat(meta.requests().getLast())
                .startsWith("GET /elsewhere ")
                .contains("Authorization: Bearer EAAsecret");
    }

    @Test
    void a_redirect_to_another_host_of_metas_goes_without_the_token() throws IOException {
        var other = metas(socket -> SocketServer.write(socket, OK));
        var meta = metas(socket -> SocketServer.write(socket, redirect(other.uri())));

        assertThat(text(open(meta.uri()))).isEqualTo("file");
        assertThat(other.requests()).hasSize(1);
        assertThat(other.requests().getFirst()).doesNotContain("EAAsecret", "Authorization");
    }

    @Test
    void a_token_that_was_left_behind_does_not_come_back() throws IOException {
        var there = new ArrayList<URI>();
        var other = metas(socket -> SocketServer.write(socket, redirect(there.getFirst())));
        var meta =
                metas(socket ->
                        SocketServer.write(
                                socket,
                                servers.getLast().requests().size() == 1
                                        ? redirect(other.uri())
                                        : OK));
        there.add(meta.uri());

        assertThat(text(open(meta.uri()))).isEqualTo("file");
        assertThat(meta.requests().getLast()).doesNotContain("EAAsecret");
    }

    @Test
    void a_foreign_host_is_never_spoken_to() throws IOException {
        var foreign = server(socket -> SocketServer.write(socket, OK));
        var meta = metas(socket -> SocketServer.write(socket, redirect(foreign.uri())));

        assertThat(open(meta.uri())).isEqualTo(failed("foreign_host"));
        assertThat(open(foreign.uri())).isEqualTo(failed("foreign_host"));
        assertThat(foreign.connections()).isZero();
    }

    @Test
    void redirects_have_an_end() throws IOException {
        var meta = metas(socket -> SocketServer.write(socket, redirect(URI.create("/again"))));

        assertThat(open(meta.uri())).isEqualTo(failed("redirects"));
        assertThat(meta.requests()).hasSize(4);
    }

    @Test
    void what_is_no_file_says_so() throws IOException {
        var gone =
                metas(socket ->
                        SocketServer.write(socket, "404 Not Found", "text/html", "nothing"));
        var busy =
                metas(socket ->
                        SocketServer.write(
                                socket,
                                "HTTP/1.1 429 Slow\r\nRetry-After: 30\r\nContent-Length: 0\r\n\r\n"));
        var silent = metas(socket -> {});
        var nobody = server(socket -> {});
        metas.add(nobody.uri());
        nobody.close();

        assertThat(open(gone.uri())).isEqualTo(failed("http_404"));
        assertThat(open(busy.uri()))
                .isEqualTo(new Result.Failed("http_429", Optional.of(Duration.ofSeconds(30))));
        assertThat(open(silent.uri())).isEqualTo(failed("timeout"));
        assertThat(open(nobody.uri())).isEqualTo(failed("connect"));
        assertThat(open(URI.create("opaque:thing"))).isEqualTo(failed("foreign_host"));
    }

    @Test
    void a_body_that_ends_early_or_stands_still_is_not_whole() throws IOException {
        var cut =
                metas(socket -> {
                    SocketServer.write(socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfile");
                    socket.close();
                });
        var still =
                metas(socket ->
                        SocketServer.write(
                                socket, "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nfile"));

        for (var meta : List.of(cut, still)) {
            var result = open(meta.uri());
            assertThatThrownBy(() -> text(result)).isInstanceOf(IOException.class);
        }
    }
}
