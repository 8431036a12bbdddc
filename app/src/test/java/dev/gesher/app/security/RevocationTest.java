package dev.gesher.app.security;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.tenant.db.Notices;
import dev.gesher.tenant.db.Worker;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What one replica revokes, the other refuses, although it had seen the token before. */
class RevocationTest {
    private static final String PATH = "/v1/conversations";
    private static final Duration SOON = Duration.ofSeconds(5);

    private static RunningGesher one;
    private static RunningGesher other;
    private TestTenant tenant;
    private TestTenant neighbour;

    @BeforeAll
    static void start() {
        one = RunningGesher.start();
        other = one.replica(Map.of());
    }

    @AfterAll
    static void stop() {
        other.close();
        one.close();
    }

    @BeforeEach
    void tokensThatTheOtherKnows() {
        tenant = one.newTenant("a");
        neighbour = one.newClient(tenant.tenantId(), Map.of("name", "b"));
        assertThat(statusAtOther(tenant)).isEqualTo(200);
        assertThat(statusAtOther(neighbour)).isEqualTo(200);
    }

    private static int statusAtOther(TestTenant client) {
        return other.get(PATH, client.token()).status();
    }

    @Test
    void a_revoked_client_and_nobody_else() {
        var path = "/v1/tenants/" + tenant.tenantId() + "/clients/" + tenant.clientId();
        assertThat(one.delete(path, one.operatorToken()).status()).isEqualTo(204);

        assertThat(one.get(PATH, tenant.token()).status()).isEqualTo(401);
        await().atMost(SOON).until(() -> statusAtOther(tenant) == 401);
        assertThat(statusAtOther(neighbour)).isEqualTo(200);
    }

    /** It asks the database for every token then, as it would for one that it never saw. */
    @Test
    void a_process_that_cannot_hear_of_others_does_not_trust_what_it_remembers() {
        try (var deaf = one.replica(Map.of(), Map.of("gesher.notices.deaf-after", "2s"))) {
            assertThat(deaf.get(PATH, tenant.token()).status()).isEqualTo(200);
            var notices = deaf.bean(Notices.class);
            ((Worker) notices).close();
            one.delete(
                    "/v1/tenants/" + tenant.tenantId() + "/clients/" + tenant.clientId(),
                    one.operatorToken());
            await().until(() -> !notices.hears());

            assertThat(deaf.get(PATH, tenant.token()).status()).isEqualTo(401);
            assertThat(deaf.get(PATH, neighbour.token()).status()).isEqualTo(200);
        }
    }

    @Test
    void a_suspended_tenant_until_it_is_resumed() {
        var path = "/v1/tenants/" + tenant.tenantId();
        one.post(path + "/suspend", one.operatorToken(), Map.of("reason", "unpaid"));

        await().atMost(SOON)
                .until(() -> statusAtOther(tenant) == 403 && statusAtOther(neighbour) == 403);

        one.post(path + "/resume", one.operatorToken(), Map.of("reason", "paid"));
        assertThat(statusAtOther(tenant)).isEqualTo(200);
    }
}
