package dev.gesher.app.demo;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** JSON over HTTP as a tenant's app would speak it: nothing here knows the inside of Gesher. */
final class Http {
    static final ObjectMapper JSON = new ObjectMapper();

    private final HttpClient client =
            HttpClient.newBuilder().connectTimeout(Duration.ofSeconds(5)).build();
    private final URI base;

    Http(URI base) {
        this.base = base;
    }

    /** An answer; {@code body} is a missing node when there was none. */
    record Answer(int status, JsonNode body, HttpResponse<String> raw) {
        /** The body of an answer that had to have this status. */
        JsonNode expect(int wanted) {
            if (status != wanted) {
                throw new StoryFailed(
                        raw.request().method()
                                + " "
                                + raw.request().uri().getPath()
                                + " answered "
                                + status
                                + " where "
                                + wanted
                                + " was expected: "
                                + body.path("code").asText(body.path("error").asText())
                                + " "
                                + body.path("detail").asText());
            }
            return body;
        }
    }

    Answer get(String path, @Nullable String bearer) {
        return send(request(path, bearer).GET());
    }

    Answer post(String path, @Nullable String bearer, Object body, String... headers) {
        var request = request(path, bearer).header("Content-Type", "application/json");
        if (headers.length > 0) {
            request.headers(headers);
        }
        return send(request.POST(BodyPublishers.ofString(json(body))));
    }

    Answer form(String path, Map<String, String> fields) {
        var body =
                fields.entrySet().stream()
                        .map(field ->
                                field.getKey()
                                        + "="
                                        + URLEncoder.encode(
                                                field.getValue(), StandardCharsets.UTF_8))
                        .collect(Collectors.joining("&"));
        return send(
                request(path, null)
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(BodyPublishers.ofString(body)));
    }

    private HttpRequest.Builder request(String path, @Nullable String bearer) {
        var request =
                HttpRequest.newBuilder(base.resolve(path))
                        .timeout(Duration.ofSeconds(20))
                        .header("Accept", "application/json")
                        .header("Accept-Language", "en");
        return bearer == null ? request : request.header("Authorization", "Bearer " + bearer);
    }

    private Answer send(HttpRequest.Builder request) {
        try {
            var answer = client.send(request.build(), BodyHandlers.ofString());
            var text = answer.body();
            return new Answer(
                    answer.statusCode(),
                    text.isBlank() ? JSON.missingNode() : JSON.readTree(text),
                    answer);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new StoryFailed("interrupted");
        }
    }

    private static String json(Object value) {
        try {
            return JSON.writeValueAsString(value);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
