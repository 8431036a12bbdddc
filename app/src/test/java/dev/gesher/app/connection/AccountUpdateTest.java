package dev.gesher.app.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.app.testing.Answer;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.conversation.Events;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.world.Business;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Webhooks about the account, all the way from Meta's post to what the tenant's apps see. */
class AccountUpdateTest {
    private static RunningGesher gesher;
    private static Control meta;
    private static int numbers = 100;
    private TestTenant tenant;
    private Business business;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
        meta = gesher.simulator().control();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @BeforeEach
    void connect() {
        tenant = gesher.newTenant("מאפייה");
        business = gesher.connect(tenant, "+972 3-555-0" + ++numbers);
        // What the verification read back is newer than what Meta tells in the same second.
        var second = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        await().until(() -> Instant.now().isAfter(second.plusSeconds(1)));
    }

    private static ObjectNode json(String text) {
        try {
            return (ObjectNode) new ObjectMapper().readTree(text);
        } catch (JsonProcessingException e) {
            throw new IllegalStateException(e);
        }
    }

    private Answer connection() {
        return gesher.get("/v1/connection", tenant.token());
    }

    private List<String> events() {
        return gesher.bean(Events.class).after(TenantId.of(tenant.tenantId()), 0, 100).stream()
                .map(Events.Event::type)
                .toList();
    }

    private Answer precheck() {
        return gesher.post(
                "/v1/messages/precheck",
                tenant.token(),
                json(
                        """
                        {"to": "+972502345678", "template": {"name": "order_update",
                         "parameters": {"first_name": "דנה", "order_id": "17"}}}
                        """));
    }

    @Test
    void an_account_that_its_owner_took_back_is_left() {
        meta.accountUpdate(business.wabaId(), json("{\"event\": \"PARTNER_REMOVED\"}"));

        await().untilAsserted(
                        () -> assertThat(connection().at("/status")).isEqualTo("disconnected"));
        assertThat(connection().at("/cause")).isEqualTo("app_removed");
        assertThat(events()).endsWith("connection.disconnected");
    }

    @Test
    void a_claim_that_graph_refutes_changes_nothing() {
        meta.tellAccountUpdate(business.wabaId(), json("{\"event\": \"PARTNER_REMOVED\"}"));
        meta.tellAccountUpdate(business.wabaId(), json("{\"event\": \"ACCOUNT_DELETED\"}"));

        var doubts = "/v1/operator/audit?tenant_id=" + tenant.tenantId();
        await().untilAsserted(() ->
                assertThat(gesher.get(doubts, gesher.operatorToken()).text())
                        .contains("partner_removed", "account_deleted")
                        .doesNotContain("doubt_confirmed"));
        assertThat(connection().at("/status")).isEqualTo("active");
    }

    @Test
    void a_disabled_account_stops_and_comes_back() {
        meta.accountUpdate(
                business.wabaId(),
                json(
                        "{\"event\": \"DISABLED_UPDATE\", \"ban_info\": {\"waba_ban_state\": \"DISABLE\", \"waba_ban_date\": \"November 20, 2026\"}}"));
        await().untilAsserted(() -> assertThat(connection().at("/status")).isEqualTo("invalid"));
        assertThat(connection().at("/cause")).isEqualTo("account_disabled");
        assertThat(connection().at("/health/ban/value")).isEqualTo("DISABLE");

        var second = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        await().until(() -> Instant.now().isAfter(second.plusSeconds(1)));
        meta.accountUpdate(
                business.wabaId(),
                json(
                        "{\"event\": \"DISABLED_UPDATE\", \"ban_info\": {\"waba_ban_state\": \"REINSTATE\"}}"));
        await().untilAsserted(() -> assertThat(connection().at("/status")).isEqualTo("active"));
        assertThat(connection().at("/health/ban/value")).isEqualTo("REINSTATE");
    }

    @Test
    void a_restriction_shows_and_blocks() {
        assertThat(precheck().at("/decision")).isEqualTo("template");
        long until = Instant.now().plusSeconds(300_000).getEpochSecond();
        meta.accountUpdate(
                business.wabaId(),
                json(
                        "{\"event\": \"ACCOUNT_RESTRICTION\", \"restriction_info\": [{\"restriction_type\": \"RESTRICTED_BIZ_INITIATED_MESSAGING\", \"expiration\": %d}]}"
                                .formatted(until)));

        await().untilAsserted(() ->
                assertThat(connection().at("/health/restrictions/0/value"))
                        .isEqualTo("RESTRICTED_BIZ_INITIATED_MESSAGING"));
        assertThat(connection().at("/health/restrictions/0/until"))
                .isEqualTo(Instant.ofEpochSecond(until).toString());
        assertThat(precheck().at("/reasons/0")).isEqualTo("templates_restricted");
        assertThat(events()).contains("connection.restricted");
    }

    @Test
    void quality_and_limits_show() {
        meta.sendWebhook(
                business.wabaId(),
                "phone_number_quality_update",
                json(
                        "{\"display_phone_number\": \"%s\", \"event\": \"FLAGGED\", \"current_limit\": \"TIER_2K\"}"
                                .formatted(
                                        business.numbers()
                                                .getFirst()
                                                .displayPhoneNumber()
                                                .replaceAll("[^0-9]", ""))));
        meta.sendWebhook(
                business.wabaId(),
                "business_capability_update",
                json("{\"max_daily_conversations_per_business\": \"TIER_10K\"}"));

        await().untilAsserted(() -> {
            assertThat(connection().at("/health/quality/value")).isEqualTo("FLAGGED");
            assertThat(connection().at("/health/messaging_limit/value")).isEqualTo("TIER_10K");
        });
        assertThat(events()).contains("connection.quality_changed", "connection.limit_changed");
        assertThat(connection().at("/status")).isEqualTo("active");
    }
}
