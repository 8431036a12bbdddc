package dev.gesher.postgres;

import java.io.IOException;
import java.nio.file.Path;

/** A process of its own that starts the server of a folder, says so, and waits to be killed. */
final class StartsAServer {
    private StartsAServer() {}

    /** Prints {@code port P version V} or {@code refused SENTENCE}. */
    public static void main(String... arguments) throws IOException {
        try {
            var server = EmbeddedPostgres.start(Path.of(arguments[0]), Durability.DURABLE);
            server.createDatabaseIfMissing("made_by_another");
            System.out.println("port " + server.port() + " version " + server.version());
        } catch (EmbeddedPostgresException e) {
            System.out.println("refused " + e.getMessage());
        }
        System.out.flush();
        var _ = System.in.read();
    }
}
