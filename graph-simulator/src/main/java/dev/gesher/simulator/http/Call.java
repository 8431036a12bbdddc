package dev.gesher.simulator.http;

import java.nio.charset.StandardCharsets;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * One request as it came in.
 *
 * @param path the decoded path without query
 * @param headers names in lower case, the first value of each
 */
public record Call(
        String method,
        String path,
        Map<String, String> query,
        Map<String, String> headers,
        byte[] body) {

    public Optional<String> header(String name) {
        return Optional.ofNullable(headers.get(name.toLowerCase(Locale.ROOT)));
    }

    public Optional<String> parameter(String name) {
        return Optional.ofNullable(query.get(name));
    }

    /** The bearer token; Meta also knows the scheme {@code OAuth}. */
    public Optional<String> bearer() {
        return header("authorization")
                .filter(value ->
                        value.regionMatches(true, 0, "Bearer ", 0, 7)
                                || value.regionMatches(true, 0, "OAuth ", 0, 6))
                .map(value -> value.substring(value.indexOf(' ') + 1).trim());
    }

    public String contentType() {
        return header("content-type").orElse("").toLowerCase(Locale.ROOT);
    }

    public String text() {
        return new String(body, StandardCharsets.UTF_8);
    }
}
