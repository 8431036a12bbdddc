package dev.gesher.app.operator;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.testing.RunningGesher;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/** The operator reads who did what. */
class AuditTest {
    @Test
    void each_act_is_told_once_newest_first() {
        try (var gesher = RunningGesher.start()) {
            var operator = gesher.operatorToken();
            var tenant = gesher.newTenant("a");
            var path = "/v1/tenants/" + tenant.tenantId();
            gesher.json("PATCH", path, operator, Map.of("name", "b", "region", "US"));
            gesher.post(path + "/suspend", operator, Map.of("reason", "unpaid"));
            gesher.post(path + "/resume", operator, Map.of("reason", "paid"));
            gesher.delete(path + "/clients/" + tenant.clientId(), operator);

            var seen = new ArrayList<String>();
            var details = new ArrayList<String>();
            var page = gesher.get("/v1/operator/audit?limit=2", operator);
            while (true) {
                assertThat(page.status()).as(page.text()).isEqualTo(200);
                for (var entry : page.json().at("/data")) {
                    if (entry.at("/object").asText().startsWith(tenant.tenantId())) {
                        seen.add(entry.at("/action").asText());
                        details.add(entry.at("/detail").toString());
                        assertThat(entry.at("/actor").asText()).isEqualTo("operator:operator");
                    }
                }
                if (page.json().at("/next_cursor").isNull()) {
                    break;
                }
                page =
                        gesher.get(
                                "/v1/operator/audit?limit=2&after=" + page.at("/next_cursor"),
                                operator);
            }

            assertThat(seen)
                    .isEqualTo(
                            List.of(
                                    "client.revoked",
                                    "tenant.resumed",
                                    "tenant.suspended",
                                    "tenant.changed",
                                    "client.created",
                                    "tenant.created"));
            assertThat(details.get(2)).contains("unpaid");
            assertThat(details.get(3)).contains("name region");
            assertThat(
                            gesher.get(
                                            "/v1/operator/audit?tenant_id=" + tenant.tenantId(),
                                            operator)
                                    .json()
                                    .at("/data"))
                    .isEmpty();
            assertThat(gesher.get("/v1/operator/audit?after=x", operator).at("/code"))
                    .isEqualTo("cursor_invalid");
            assertThat(gesher.get("/v1/operator/audit?tenant_id=x", operator).status())
                    .isEqualTo(404);
        }
    }
}
