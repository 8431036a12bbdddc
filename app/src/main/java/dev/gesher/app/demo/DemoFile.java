package dev.gesher.app.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.app.config.Settings;
import dev.gesher.tenant.SecretText;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;

/**
 * {@code data/demo.json}: addresses and credentials for whoever plays with the demo; readable by
 * its owner only.
 */
final class DemoFile {
    private final Path path;

    DemoFile(Path dataDir) {
        this.path = dataDir.resolve("demo.json");
    }

    static String webhookUrl(Settings settings) {
        return "http://127.0.0.1:" + settings.ports().api() + "/webhooks/whatsapp";
    }

    /** What an earlier run wrote, or an empty object. */
    JsonNode read() {
        try {
            return Files.exists(path)
                    ? Http.JSON.readTree(path.toFile())
                    : Http.JSON.createObjectNode();
        } catch (IOException e) {
            // Half a file of a machine that lost power: it only spares making a tenant anew.
            return Http.JSON.createObjectNode();
        }
    }

    /** Writes the whole file in one step. */
    void write(Settings settings, SecretText controlToken, DemoTenant tenant) {
        ObjectNode file = Http.JSON.createObjectNode();
        file.put("base_url", "http://localhost:" + settings.ports().api());
        file.put("management_url", "http://localhost:" + settings.ports().management());
        file.put("simulator_url", settings.meta().graphUrl().toString());
        file.put("simulator_token", controlToken.reveal());
        file.putObject("operator")
                .put("client_id", settings.operator().clientId())
                .put("client_secret", settings.operator().clientSecret().reveal());
        file.putObject("tenant")
                .put("tenant_id", tenant.tenantId())
                .put("client_id", tenant.clientId())
                .put("client_secret", tenant.clientSecret().reveal())
                .put("waba_id", tenant.wabaId())
                .put("phone_number_id", tenant.phoneNumberId())
                .put("display_phone_number", tenant.displayPhoneNumber());
        file.put("webhook_url", webhookUrl(settings));
        file.put("app_secret", settings.meta().appSecret().reveal());
        file.put("verify_token", settings.meta().webhookVerifyToken().reveal());
        try {
            var next =
                    Files.createTempFile(
                            path.getParent(),
                            "demo",
                            ".json",
                            PosixFilePermissions.asFileAttribute(
                                    PosixFilePermissions.fromString("rw-------")));
            Http.JSON.writerWithDefaultPrettyPrinter().writeValue(next.toFile(), file);
            Files.move(
                    next,
                    path,
                    StandardCopyOption.ATOMIC_MOVE,
                    StandardCopyOption.REPLACE_EXISTING);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The demo's tenant with its app's credentials and its number at the simulator. */
    record DemoTenant(
            String tenantId,
            String clientId,
            SecretText clientSecret,
            String wabaId,
            String phoneNumberId,
            String displayPhoneNumber) {}
}
