package dev.gesher.app.isolation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.Operations.Operation;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import io.micronaut.http.HttpMethod;
import io.micronaut.web.router.Router;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** Walks every operation of the published document, without a token and with the wrong one. */
class EveryOperationTest {
    private static RunningGesher gesher;
    private static RunningGesher other;
    private static TestTenant tenant;
    private static TestTenant foreign;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.start();
        other = RunningGesher.start();
        tenant = gesher.newTenant("a");
        foreign = other.newTenant("a");
    }

    @AfterAll
    static void stop() {
        gesher.close();
        other.close();
    }

    @Test
    void the_document_says_of_every_operation_who_may() {
        assertThat(Operations.all()).hasSizeGreaterThanOrEqualTo(15);
        for (var operation : Operations.all()) {
            boolean isOpen =
                    operation.path().startsWith("/oauth/")
                            || operation.path().startsWith("/.well-known/")
                            || operation.path().startsWith("/health")
                            || operation.path().endsWith("/embedded-signup/session");
            assertThat(operation.schemes().isEmpty()).as(operation.toString()).isEqualTo(isOpen);
        }
    }

    @Test
    void without_a_token_nobody_gets_in() {
        for (var operation : Operations.all()) {
            if (!operation.schemes().isEmpty()) {
                assertRefused(operation, call(operation, ""), 401);
            }
        }
    }

    @Test
    void a_token_of_another_deployment_is_nobodys() {
        for (var operation : Operations.all()) {
            if (!operation.schemes().isEmpty()) {
                assertRefused(operation, call(operation, foreign.token()), 401);
                assertRefused(operation, call(operation, other.operatorToken()), 401);
            }
        }
    }

    @Test
    void the_operator_and_a_tenant_are_never_taken_for_each_other() {
        for (var operation : Operations.all()) {
            if (operation.isTenants()) {
                assertRefused(operation, call(operation, gesher.operatorToken()), 403);
            }
            if (operation.isOperators()) {
                assertRefused(operation, call(operation, tenant.token()), 403);
            }
        }
    }

    @Test
    void no_token_opens_the_connect_page() {
        int walked = 0;
        for (var operation : Operations.all()) {
            if (operation.schemes().contains("connect_session")) {
                assertRefused(operation, call(operation, gesher.operatorToken()), 401);
                assertRefused(operation, call(operation, tenant.token()), 401);
                walked++;
            }
        }
        assertThat(walked).isGreaterThanOrEqualTo(7);
    }

    /** What the document leaves out on purpose: pages for people, Meta's callback, itself. */
    private static final Set<String> NOT_PUBLISHED =
            Set.of(
                    "GET /connect",
                    "GET /connect/connect.js",
                    "GET /connect/connect.css",
                    "GET /openapi.yaml",
                    "POST /webhooks/meta/deauthorize",
                    "POST /webhooks/meta/data-deletion",
                    "GET /webhooks/meta/data-deletion/{code}",
                    "GET /webhooks/whatsapp",
                    "POST /webhooks/whatsapp");

    @Test
    void nothing_is_served_that_is_neither_published_nor_left_out_on_purpose() {
        var served =
                gesher.bean(Router.class)
                        .uriRoutes()
                        .filter(it -> it.getPort() == null)
                        .filter(it -> it.getHttpMethod() != HttpMethod.HEAD)
                        .map(it ->
                                it.getHttpMethod() + " " + it.getUriMatchTemplate().toPathString())
                        .collect(Collectors.toCollection(TreeSet::new));
        var known = new TreeSet<>(NOT_PUBLISHED);
        Operations.all().forEach(it -> known.add(it.toString()));

        assertThat(served).isEqualTo(known);
    }

    @Test
    void a_token_without_the_operations_scope_is_refused() {
        for (var operation : Operations.all()) {
            if (operation.isTenants()) {
                var scopes = new TreeSet<>(dev.gesher.app.security.Scope.ALL);
                scopes.removeAll(operation.scopes());
                var client =
                        gesher.newClient(
                                tenant.tenantId(), Map.of("name", "all but one", "scopes", scopes));
                assertRefused(operation, call(operation, client.token()), 403);
            }
        }
    }

    private static Answer call(Operation operation, String token) {
        var ids = new HashMap<String, String>();
        for (var name : operation.parameters()) {
            ids.put(name, UUID.randomUUID().toString());
        }
        var body = operation.method().equals("GET") ? "" : "{}";
        return token.isEmpty()
                ? gesher.send(
                        operation.method(),
                        operation.path(ids),
                        body.getBytes(StandardCharsets.UTF_8),
                        "Content-Type",
                        "application/json")
                : gesher.send(
                        operation.method(),
                        operation.path(ids),
                        body.getBytes(StandardCharsets.UTF_8),
                        "Content-Type",
                        "application/json",
                        "Authorization",
                        "Bearer " + token);
    }

    private static void assertRefused(Operation operation, Answer answer, int status) {
        assertThat(answer.status()).as(operation + ": " + answer.text()).isEqualTo(status);
        assertThat(answer.header("Content-Type")).hasValue("application/problem+json");
    }
}
