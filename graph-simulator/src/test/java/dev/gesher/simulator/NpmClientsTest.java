package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.json.Json;
import dev.gesher.simulator.world.Message;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Client libraries that others wrote for Meta work against the simulator unchanged. */
@Tag("npm")
class NpmClientsTest {
    private static final Path SOURCES = Path.of("src/test/npm");
    private static final Path FOLDER = Path.of("target/npm");
    private static boolean installed;

    @Test
    void kapsos_client_sends_text_template_and_image() throws Exception {
        var said = run("kapso.mjs");
        if (said != null) {
            assertThat(said.path("refusal").asInt()).isEqualTo(131047);
        }
    }

    @Test
    void whatsapp_api_js_sends_text_template_and_an_uploaded_image() throws Exception {
        var said = run("whatsapp-api-js.mjs");
        if (said != null) {
            assertThat(said.path("refusal").asInt()).isEqualTo(131047);
            assertThat(said.path("downloaded").asInt()).isEqualTo(4);
        }
    }

    /**
     * Runs a script against a scene and checks what the customer got; null when there is no Node.
     */
    private static @org.jspecify.annotations.Nullable JsonNode run(String script) throws Exception {
        var node = ChildProcess.find("node");
        var npm = ChildProcess.find("npm");
        if (node == null || npm == null) {
            if (System.getenv("CI") != null) {
                fail("node or npm is missing, and CI leaves nothing out");
            }
            System.out.println(
                    "Left out: " + script + " against the simulator; node or npm is missing.");
            return null;
        }
        install(npm);
        try (var scene = new Scene()) {
            scene.customerWrote();
            var ended =
                    ChildProcess.run(
                            FOLDER,
                            Map.of(
                                    "GRAPH_URL", scene.simulator.graphUrl(),
                                    "ACCESS_TOKEN", scene.token,
                                    "PHONE_NUMBER_ID", scene.number,
                                    "CUSTOMER", Scene.CUSTOMER),
                            node,
                            script);
            assertThat(ended.exitCode()).as(ended.err()).isZero();
            var said = Json.parse(ended.out());
            var got = scene.control.sentTo(Scene.CUSTOMER);
            assertThat(got)
                    .extracting(Message.View::type)
                    .containsExactly("text", "template", "image");
            assertThat(got)
                    .extracting(Message.View::wamid)
                    .containsExactly(
                            said.at("/ids/0").asText(),
                            said.at("/ids/1").asText(),
                            said.at("/ids/2").asText());
            assertThat(got.get(1).text()).contains("דנה");
            return said;
        }
    }

    private static void install(String npm) throws IOException, InterruptedException {
        Files.createDirectories(FOLDER);
        try (var files = Files.list(SOURCES)) {
            for (var file : files.filter(Files::isRegularFile).toList()) {
                Files.copy(
                        file,
                        FOLDER.resolve(file.getFileName()),
                        StandardCopyOption.REPLACE_EXISTING);
            }
        }
        if (installed) {
            return;
        }
        var ended =
                ChildProcess.run(
                        FOLDER, Map.of(), npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund");
        assertThat(ended.exitCode()).as(ended.err()).isZero();
        installed = true;
    }
}
