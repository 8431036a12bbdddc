package dev.gesher.simulator;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.json.Json;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Calls the simulator over HTTP as any client would. */
final class Client {
    private final HttpClient http =
            HttpClient.newBuilder().version(HttpClient.Version.HTTP_1_1).build();
    private final String baseUrl;
    private final @Nullable String token;

    Client(String baseUrl, @Nullable String token) {
        this.baseUrl = baseUrl;
        this.token = token;
    }

    /** An answer with its body as JSON (an empty object when it isn't any). */
    record Answered(int status, JsonNode json, HttpResponse<byte[]> raw) {
        int code() {
            return json.at("/error/code").asInt();
        }

        String details() {
            return json.at("/error/error_data/details").asText();
        }
    }

    Answered get(String path) throws IOException, InterruptedException {
        return send(request(path).GET());
    }

    Answered delete(String path) throws IOException, InterruptedException {
        return send(request(path).DELETE());
    }

    Answered post(String path, String json) throws IOException, InterruptedException {
        return send(
                request(path)
                        .header("Content-Type", "application/json")
                        .POST(BodyPublishers.ofString(json)));
    }

    Answered upload(String path, String mime, byte[] file)
            throws IOException, InterruptedException {
        var boundary = "simulatortestboundary";
        var body = new java.io.ByteArrayOutputStream();
        body.writeBytes(
                """
                --%1$s
                Content-Disposition: form-data; name="messaging_product"

                whatsapp
                --%1$s
                Content-Disposition: form-data; name="file"; filename="a.bin"
                Content-Type: %2$s

                """
                        .formatted(boundary, mime)
                        .replace("\n", "\r\n")
                        .getBytes(StandardCharsets.UTF_8));
        body.writeBytes(file);
        body.writeBytes("\r\n--%s--\r\n".formatted(boundary).getBytes(StandardCharsets.UTF_8));
        return send(
                request(path)
                        .header("Content-Type", "multipart/form-data; boundary=" + boundary)
                        .POST(BodyPublishers.ofByteArray(body.toByteArray())));
    }

    Answered send(HttpRequest.Builder request) throws IOException, InterruptedException {
        var answer = http.send(request.build(), BodyHandlers.ofByteArray());
        return new Answered(
                answer.statusCode(), Json.read(answer.body()).orElse(Json.object()), answer);
    }

    HttpRequest.Builder request(String path) {
        var url = path.startsWith("http") ? path : baseUrl + path;
        var builder = HttpRequest.newBuilder(URI.create(url)).timeout(Duration.ofSeconds(20));
        return token == null ? builder : builder.header("Authorization", "Bearer " + token);
    }
}
