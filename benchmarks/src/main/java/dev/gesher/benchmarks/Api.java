package dev.gesher.benchmarks;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.Map;

/**
 * A Gesher's API, as far as a load needs it.
 *
 * @param stage whose stand-in for Meta it is connected with
 */
record Api(Stage stage, int port) {
    static final String OPERATOR_SECRET = "an operator's secret of enough characters";
    private static final ObjectMapper JSON = new ObjectMapper();

    /** A new tenant, connected with a business of its own; returns a token of its client. */
    String newConnectedTenant(int number) throws IOException, InterruptedException {
        var operator = token("operator", OPERATOR_SECRET);
        var tenant = ask("POST", "/v1/tenants", operator, Map.of("name", "Tenant " + number));
        var client =
                ask(
                        "POST",
                        "/v1/tenants/" + tenant.path("tenant_id").asText() + "/clients",
                        operator,
                        Map.of("name", "its app"));
        var token = token(client.path("client_id").asText(), client.path("client_secret").asText());
        var control = stage.meta().control();
        var business =
                control.createBusiness("Business " + number, "+972 3-555-%04d".formatted(number));
        ask(
                "PUT",
                "/v1/connection",
                token,
                Map.of(
                        "waba_id",
                        business.wabaId(),
                        "phone_number_id",
                        business.phoneNumberId(),
                        "access_token",
                        control.mintToken(business.wabaId())));
        return token;
    }

    private String token(String clientId, String secret) throws IOException, InterruptedException {
        var request =
                HttpRequest.newBuilder(url("/oauth/token"))
                        .header("Content-Type", "application/x-www-form-urlencoded")
                        .POST(
                                BodyPublishers.ofString(
                                        "grant_type=client_credentials&client_id="
                                                + clientId
                                                + "&client_secret="
                                                + secret.replace(' ', '+')));
        return send(request).path("access_token").asText();
    }

    private JsonNode ask(String method, String path, String token, Map<String, ?> body)
            throws IOException, InterruptedException {
        return send(
                HttpRequest.newBuilder(url(path))
                        .header("Authorization", "Bearer " + token)
                        .header("Content-Type", "application/json")
                        .method(method, BodyPublishers.ofString(JSON.writeValueAsString(body))));
    }

    private static JsonNode send(HttpRequest.Builder request)
            throws IOException, InterruptedException {
        try (var http = HttpClient.newHttpClient()) {
            var answer = http.send(request.build(), BodyHandlers.ofString());
            if (answer.statusCode() / 100 != 2) {
                throw new IOException(answer.uri() + " answered " + answer.body());
            }
            return JSON.readTree(answer.body());
        }
    }

    private URI url(String path) {
        return URI.create("http://127.0.0.1:" + port() + path);
    }
}
