package dev.gesher.app.crash;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.gesher.simulator.control.Inbound;
import java.io.OutputStream;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.security.DigestOutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** The largest files, several at once, through a process whose memory holds none of them. */
class LargeFileTest {
    private static final int BYTES = 100 << 20;
    private static final int FILES = 3;
    private static final List<String> SMALL =
            List.of("-Xmx72m", "-XX:MaxDirectMemorySize=48m", "-XX:+ExitOnOutOfMemoryError");

    @Test
    void files_of_100_megabytes_come_and_go_through_a_heap_of_72() throws Exception {
        byte[] noise = new byte[BYTES];
        new Random(BYTES).nextBytes(noise);
        byte[] expected = MessageDigest.getInstance("SHA-256").digest(noise);
        try (var stage = Stage.set("large-file", 1);
                var process = stage.start("api,intake,workers", SMALL)) {
            process.awaitReady();
            var customers = Stage.customers(FILES);
            var connected = stage.connect(customers);
            long began = System.nanoTime();
            for (var customer : customers) {
                var content = JsonNodeFactory.instance.objectNode().put("type", "document");
                content.putObject("document")
                        .put("size", BYTES)
                        .put("mime_type", "application/x-noise");
                stage.meta()
                        .customerWrites(
                                Inbound.of(
                                        connected.business().phoneNumberId(), customer, content));
            }
            var stored = stage.stored(connected.tenant());
            await().atMost(Duration.ofMinutes(5))
                    .untilAsserted(() -> {
                        process.requireAlive();
                        assertThat(stored.storedMedia()).hasSize(FILES);
                    });
            System.out.printf(
                    "large files: %d of %d MB stored after %d ms%n",
                    FILES, BYTES >> 20, Duration.ofNanos(System.nanoTime() - began).toMillis());
            try (var http = HttpClient.newHttpClient()) {
                for (var id : stored.storedMedia()) {
                    var request =
                            HttpRequest.newBuilder(process.base().resolve("/v1/media/" + id))
                                    .header("Authorization", "Bearer " + connected.app().token())
                                    .build();
                    var answer = http.send(request, BodyHandlers.ofInputStream());
                    assertThat(answer.statusCode()).isEqualTo(200);
                    var digest = MessageDigest.getInstance("SHA-256");
                    try (var body = answer.body();
                            var sink =
                                    new DigestOutputStream(
                                            OutputStream.nullOutputStream(), digest)) {
                        assertThat(body.transferTo(sink)).isEqualTo(BYTES);
                    }
                    assertThat(digest.digest()).isEqualTo(expected);
                }
            }
            process.requireAlive();
        }
    }
}
