package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.tenant.SecretText;
import io.micronaut.http.HttpMethod;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One request to Graph. Prints its method and endpoint only: OAuth's parameters are secrets.
 *
 * @param path below the version, starting with a slash
 * @param token what to authorise with, in the header; null for the exchange of a code
 */
record GraphCall(
        HttpMethod method,
        String path,
        Map<String, String> query,
        @Nullable JsonNode body,
        @Nullable SecretText token) {

    static GraphCall get(String path, SecretText token) {
        return new GraphCall(HttpMethod.GET, path, Map.of(), null, token);
    }

    static GraphCall post(String path, SecretText token, @Nullable JsonNode body) {
        return new GraphCall(HttpMethod.POST, path, Map.of(), body, token);
    }

    GraphCall with(String name, String value) {
        var more = new LinkedHashMap<>(query);
        more.put(name, value);
        return new GraphCall(method, path, more, body, token);
    }

    @Override
    public String toString() {
        return method + " " + path;
    }
}
