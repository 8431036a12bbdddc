package dev.gesher.tenant.vault;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.crypto.tink.Aead;
import com.google.crypto.tink.KeysetHandle;
import com.google.crypto.tink.aead.PredefinedAeadParameters;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import java.util.zip.GZIPInputStream;

/**
 * As much of AWS KMS and Google Cloud KMS as their clients ask for, over HTTP on loopback: a key
 * per name, made at first use. Google's tokens are given out here too.
 */
final class FakeKeyService implements AutoCloseable {
    private static final ObjectMapper JSON = new ObjectMapper();

    /** What it does instead of answering. */
    enum Mood {
        WELL,
        BROKEN,
        THROTTLING,
        DENYING,
        SILENT
    }

    private final HttpServer server;
    private final Map<String, Aead> keys = new ConcurrentHashMap<>();
    private final AtomicInteger calls = new AtomicInteger();
    private volatile Mood mood = Mood.WELL;

    FakeKeyService() throws IOException {
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
        server.createContext("/", this::handle);
        server.start();
    }

    String url() {
        return "http://127.0.0.1:" + server.getAddress().getPort();
    }

    void be(Mood other) {
        mood = other;
    }

    /** Encryptions and decryptions so far. */
    int calls() {
        return calls.get();
    }

    private void handle(HttpExchange exchange) throws IOException {
        try (exchange) {
            var path = exchange.getRequestURI().getPath();
            if (path.equals("/token")) {
                answer(exchange, 200, Map.of("access_token", "ya29.fake", "expires_in", 3600));
                return;
            }
            calls.incrementAndGet();
            switch (mood) {
                case WELL -> work(exchange, path);
                case BROKEN -> answer(exchange, 500, Map.of("__type", "KMSInternalException"));
                case THROTTLING ->
                        answer(
                                exchange,
                                path.equals("/") ? 400 : 429,
                                Map.of("__type", "ThrottlingException"));
                case DENYING ->
                        answer(
                                exchange,
                                path.equals("/") ? 400 : 403,
                                Map.of("__type", "AccessDeniedException"));
                case SILENT -> {
                    while (mood == Mood.SILENT) {
                        LockSupport.parkNanos(10_000_000);
                    }
                }
            }
        }
    }

    private void work(HttpExchange exchange, String path) throws IOException {
        // Google's client compresses what it sends.
        boolean zipped = "gzip".equals(exchange.getRequestHeaders().getFirst("Content-Encoding"));
        var sent = exchange.getRequestBody();
        var body = JSON.readTree(zipped ? new GZIPInputStream(sent) : sent);
        try {
            if (path.equals("/")) {
                aws(exchange, body);
            } else {
                google(exchange, path, body);
            }
        } catch (GeneralSecurityException wrongKey) {
            answer(exchange, 400, Map.of("__type", "InvalidCiphertextException"));
        }
    }

    private void aws(HttpExchange exchange, JsonNode body)
            throws IOException, GeneralSecurityException {
        var headers = exchange.getRequestHeaders();
        var authorization = String.valueOf(headers.getFirst("Authorization"));
        if (!authorization.contains("Credential=AKIAFAKE/")
                || !authorization.contains("/eu-central-1/kms/aws4_request")) {
            answer(exchange, 400, Map.of("__type", "UnrecognizedClientException"));
            return;
        }
        var name = body.path("KeyId").asText();
        byte[] context = body.path("EncryptionContext").toString().getBytes(StandardCharsets.UTF_8);
        switch (headers.getFirst("X-Amz-Target")) {
            case "TrentService.Encrypt" ->
                    answer(
                            exchange,
                            200,
                            Map.of(
                                    "CiphertextBlob",
                                    base64(key(name).encrypt(bytes(body, "Plaintext"), context)),
                                    "KeyId",
                                    name));
            case "TrentService.Decrypt" ->
                    answer(
                            exchange,
                            200,
                            Map.of(
                                    "Plaintext",
                                    base64(
                                            key(name)
                                                    .decrypt(
                                                            bytes(body, "CiphertextBlob"),
                                                            context)),
                                    "KeyId",
                                    name));
            case null, default -> answer(exchange, 404, Map.of());
        }
    }

    private void google(HttpExchange exchange, String path, JsonNode body)
            throws IOException, GeneralSecurityException {
        if (!"Bearer ya29.fake".equals(exchange.getRequestHeaders().getFirst("Authorization"))) {
            answer(exchange, 401, Map.of());
            return;
        }
        var name = path.substring("/v1/".length(), path.indexOf(':'));
        byte[] context = bytes(body, "additionalAuthenticatedData");
        if (path.endsWith(":encrypt")) {
            byte[] encrypted = key(name).encrypt(bytes(body, "plaintext"), context);
            answer(exchange, 200, Map.of("ciphertext", base64(encrypted), "name", name));
        } else {
            byte[] decrypted = key(name).decrypt(bytes(body, "ciphertext"), context);
            answer(exchange, 200, Map.of("plaintext", base64(decrypted)));
        }
    }

    private Aead key(String name) {
        return keys.computeIfAbsent(name, _ -> newKey());
    }

    private static Aead newKey() {
        try {
            return KeysetHandle.generateNew(
                            PredefinedAeadParameters.AES256_GCM, TinkSetup.configuration())
                    .getPrimitive(TinkSetup.configuration(), Aead.class);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }

    private static byte[] bytes(JsonNode body, String field) {
        var text = body.path(field).asText();
        // Google's client writes base64 for addresses.
        return Base64.getDecoder().decode(text.replace('-', '+').replace('_', '/'));
    }

    private static String base64(byte[] bytes) {
        return Base64.getEncoder().encodeToString(bytes);
    }

    private static void answer(HttpExchange exchange, int status, Map<String, ?> body)
            throws IOException {
        byte[] bytes = JSON.writeValueAsBytes(body);
        exchange.getResponseHeaders().add("Content-Type", "application/json");
        exchange.sendResponseHeaders(status, bytes.length);
        exchange.getResponseBody().write(bytes);
    }

    @Override
    public void close() {
        mood = Mood.BROKEN;
        server.stop(0);
    }
}
