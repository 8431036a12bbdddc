package dev.gesher.app.connection;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.Operations;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** A tenant leaves its number by itself. */
class LeaveTest {
    private static RunningGesher gesher;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @Test
    void the_connection_is_ended_once_and_nothing_is_deleted() {
        var tenant = gesher.newTenant("a");
        var business = gesher.connect(tenant, "+972 3-555-0101");

        var left = gesher.delete("/v1/connection", tenant.token());

        assertThat(left.status()).as(left.text()).isEqualTo(200);
        assertThat(left.at("/status")).isEqualTo("disconnected");
        assertThat(left.at("/cause")).isEqualTo("left");
        assertThat(gesher.get("/v1/connection", tenant.token()).text()).isEqualTo(left.text());
        assertThat(gesher.delete("/v1/connection", tenant.token()).text()).isEqualTo(left.text());
        assertThat(
                        gesher.simulator()
                                .control()
                                .calls("DELETE /v21.0/" + business.wabaId() + "/subscribed_apps"))
                .hasSize(1);
        var blocked =
                gesher.post("/v1/messages", tenant.token(), Operations.message("+972502345678"));
        assertThat(blocked.status()).isEqualTo(422);
        assertThat(blocked.text()).contains("not_connected");
        var again =
                gesher.connect(
                        tenant,
                        business,
                        gesher.simulator().control().mintToken(business.wabaId()));
        assertThat(again.status()).as(again.text()).isEqualTo(200);
    }

    @Test
    void the_pin_that_only_we_know_is_shown_to_who_leaves() {
        var tenant = gesher.newTenant("c");
        gesher.connect(tenant, "+972 3-555-0103");
        var path = "/v1/connection/two-step-pin";
        assertThat(gesher.get(path, tenant.token()).status()).isEqualTo(404);

        gesher.delete("/v1/connection", tenant.token());

        var shown = gesher.get(path, tenant.token());
        assertThat(shown.status()).as(shown.text()).isEqualTo(200);
        assertThat(shown.at("/two_step_pin")).matches("\\d{6}");
        assertThat(shown.header("Cache-Control")).hasValue("no-store");
        var number = "?phone_number_id=" + shown.at("/phone_number_id");
        assertThat(gesher.get(path + number, tenant.token()).text()).isEqualTo(shown.text());
        assertThat(gesher.get(path + "?phone_number_id=1", tenant.token()).status()).isEqualTo(404);
        assertThat(gesher.get(path + "?phone_number_id=x", tenant.token()).status()).isEqualTo(400);
        assertThat(audit(tenant, "two_step_pin.shown"))
                .hasSize(2)
                .containsOnly("client:" + tenant.clientId());
        var other = gesher.newTenant("d");
        assertThat(gesher.get(path + number, other.token()).status()).isEqualTo(404);
        assertThat(gesher.get(path, other.token()).status()).isEqualTo(404);
    }

    @Test
    void leaving_before_a_first_connection_ends_the_attempts_and_says_so() {
        var tenant = gesher.newTenant("e");
        var meta = gesher.simulator().control();
        var business = meta.createBusiness("e", "+972 3-555-0105");
        meta.addFault(Match.any().path("GET .*/debug_token").times(1), Effect.httpError(503));
        var failed = gesher.connect(tenant, business, meta.mintToken(business.wabaId()));
        assertThat(failed.status()).as(failed.text()).isEqualTo(502);

        var left = gesher.delete("/v1/connection", tenant.token());

        assertThat(left.status()).as(left.text()).isEqualTo(200);
        assertThat(left.at("/status")).isEqualTo("disconnected");
        assertThat(left.at("/cause")).isEqualTo("left");
        assertThat(gesher.delete("/v1/connection", tenant.token()).text()).isEqualTo(left.text());
        assertThat(audit(tenant, "connection.attempts_ended"))
                .containsExactly("client:" + tenant.clientId());
        assertThat(gesher.get("/v1/connection", tenant.token()).status()).isEqualTo(404);
    }

    private static List<String> audit(RunningGesher.TestTenant tenant, String action) {
        var sql =
                "SELECT actor FROM audit_log WHERE tenant_id = '%s' AND action = '%s'"
                        .formatted(tenant.tenantId(), action);
        try (var administrator = gesher.database().connectAsAdministrator();
                var statement = administrator.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    @Test
    void it_takes_a_connection_and_the_right_to_change_it() {
        var tenant = gesher.newTenant("b");
        var reader =
                gesher.newClient(
                        tenant.tenantId(),
                        Map.of("name", "reader", "scopes", List.of("connection:read")));

        assertThat(gesher.delete("/v1/connection", tenant.token()).status()).isEqualTo(404);
        assertThat(gesher.delete("/v1/connection", reader.token()).status()).isEqualTo(403);
    }
}
