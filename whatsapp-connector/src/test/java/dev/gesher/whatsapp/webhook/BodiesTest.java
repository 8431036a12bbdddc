package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.webhook.Bodies.Change;
import dev.gesher.whatsapp.webhook.Bodies.Split;
import java.util.List;
import org.junit.jupiter.api.Test;

class BodiesTest {
    private static List<Change> changes(String fixture) {
        return ((Split.Changes) Bodies.split(Fixtures.body(fixture))).changes();
    }

    @Test
    void a_body_is_one_row_per_change_in_its_order() {
        var changes = changes("mixed_tenants");

        assertThat(changes).extracting(Change::ordinal).containsExactly(0, 1, 2, 3);
        assertThat(changes)
                .extracting(Change::phoneNumberId)
                .containsExactly("5001", "5001", "5002", "5999");
        assertThat(changes)
                .extracting(Change::wabaId)
                .containsExactly("7001", "7001", "7002", "7999");
        assertThat(changes).extracting(Change::field).containsOnly("messages");
        assertThat(changes.get(0).bucket()).isEqualTo(changes.get(1).bucket());
    }

    @Test
    void what_names_no_number_goes_by_its_waba() {
        var removed = changes("account_update_partner_removed").getFirst();

        assertThat(removed.phoneNumberId()).isNull();
        assertThat(removed.wabaId()).isEqualTo("7001");
        assertThat(removed.bucket()).isEqualTo(Bodies.bucket("7001"));
    }

    @Test
    void metas_samples_without_object_and_field_are_understood() {
        var added = changes("partner_added_without_object").getFirst();

        assertThat(added.field()).isEqualTo("account_update");
        assertThat(added.wabaId()).isEqualTo("7001");
    }

    @Test
    void the_payload_keeps_the_change_as_it_came_and_its_entry() {
        var payload = Json.read(changes("template_status").getFirst().payload()).orElseThrow();

        assertThat(payload.at("/entry_id").asText()).isEqualTo("7001");
        assertThat(payload.at("/entry_time").asLong()).isEqualTo(1_790_000_000L);
        assertThat(payload.at("/change"))
                .isEqualTo(
                        Json.read(Fixtures.body("template_status"))
                                .orElseThrow()
                                .at("/entry/0/changes/0"));
    }

    @Test
    void what_is_no_webhook_of_whatsapp_says_so() {
        for (var body :
                List.of(
                        "",
                        "  ",
                        "{",
                        "hello",
                        "[]",
                        "null",
                        "7",
                        "{}",
                        "{} {}",
                        "{\"object\":\"whatsapp_business_account\"}",
                        "{\"object\":\"whatsapp_business_account\",\"entry\":7}",
                        "{\"object\":\"whatsapp_business_account\",\"entry\":[null,1,{\"changes\":2}]}",
                        "\u0000",
                        "[".repeat(5000))) {
            assertThat(Bodies.split(Fixtures.bytes(body)))
                    .as(body)
                    .isInstanceOf(Split.NotOurs.class);
        }
        assertThat(Bodies.split(Fixtures.body("other_object"))).isInstanceOf(Split.NotOurs.class);
        assertThat(Bodies.split(new byte[] {'{', '"', (byte) 0xc3, '"', ':', '1', '}'}))
                .isInstanceOf(Split.NotOurs.class);
    }

    private static String message(String id, String more) {
        return "{\"field\":\"messages\",\"value\":{\"metadata\":{\"phone_number_id\":\"5001\"},\"messages\":[{\"id\":\""
                + id
                + "\",\"from\":\"972541112222\",\"type\":\"text\""
                + more
                + "}]}}";
    }

    @Test
    void a_change_beyond_the_limits_of_reading_is_lost_alone() {
        for (var strange :
                List.of(
                        "9".repeat(1001),
                        "1e99999999999",
                        "[".repeat(1001) + "]".repeat(1001),
                        "[".repeat(50_000) + "]".repeat(50_000),
                        "{\"" + "k".repeat(50_001) + "\":1}")) {
            var what = strange.substring(0, 10) + strange.length();
            var poison = message("bad", ",\"x\":" + strange);
            var body =
                    "\ufeff{\"entry\":[{\"changes\":["
                            + message("first", ",\"t\":\"ש\"")
                            + ","
                            + poison
                            + ",null],\"id\":\"7001\",\"time\":1790000000},{\"id\":\"7002\",\"changes\":["
                            + message("good", "")
                            + "]}],\"object\":\"whatsapp_business_account\"}";
            var split = Bodies.split(Fixtures.bytes(body));
            assertThat(split).as(what).isInstanceOf(Split.Changes.class);
            var changes = ((Split.Changes) split).changes();
            assertThat(changes).extracting(Change::ordinal).containsExactly(0, 1, 2, 3);
            assertThat(changes)
                    .extracting(Change::wabaId)
                    .containsExactly("7001", "7001", "7001", "7002");
            assertThat(changes)
                    .extracting(Change::phoneNumberId)
                    .containsExactly("5001", null, null, "5001");
            assertThat(Json.read(changes.getFirst().payload()).orElseThrow().toString())
                    .isEqualTo(
                            "{\"entry_id\":\"7001\",\"entry_time\":1790000000,\"change\":"
                                    + message("first", ",\"t\":\"ש\"")
                                    + "}");
            assertThat(changes.get(1).payload()).isEqualTo(Fixtures.bytes(poison));
            var nobody = new Bindings(java.util.Map.of(), java.util.Map.of());
            assertThat(changes)
                    .extracting(change ->
                            Plans.plan(
                                            Reads.received(change, Reads.RECEIVED),
                                            change.payload(),
                                            nobody,
                                            DisplayNumbers.NONE)
                                    .settled()
                                    .state())
                    .containsExactly(
                            ChangeRows.State.PARKED,
                            ChangeRows.State.DEAD,
                            ChangeRows.State.DEAD,
                            ChangeRows.State.PARKED);

            assertThat(Bodies.split(Fixtures.bytes(body + "]"))).isInstanceOf(Split.NotOurs.class);
            assertThat(Bodies.split(Fixtures.bytes(strange))).isInstanceOf(Split.NotOurs.class);
        }
    }

    @Test
    void a_change_that_is_just_not_too_deep_can_be_kept() {
        for (int depth = 990; depth < 1001; depth++) {
            var poison = message("deep", ",\"x\":" + "[".repeat(depth) + "]".repeat(depth));
            var body = Fixtures.change(poison + "," + message("good", ""));
            var changes = ((Split.Changes) Bodies.split(body)).changes();
            assertThat(changes).hasSize(2);
            assertThat(changes.get(1).phoneNumberId()).isEqualTo("5001");
        }
    }

    @Test
    void an_entry_without_changes_is_kept_beside_others_and_may_be_one_itself() {
        var body =
                "{\"entry\":[{\"id\":\"1\",\"messaging\":[1]},{\"id\":\"2\",\"changes\":[{\"field\":\"flows\",\"value\":{}}]}]}";
        var changes = ((Split.Changes) Bodies.split(Fixtures.bytes(body))).changes();
        assertThat(changes).extracting(Change::wabaId).containsExactly("2", "1");
        assertThat(new String(changes.get(1).payload(), java.nio.charset.StandardCharsets.US_ASCII))
                .contains("\"messaging\":[1]");

        var alone =
                "{\"entry\":{\"id\":\"1\",\"time\":1790000000,\"field\":\"account_review_update\",\"value\":{\"decision\":\"APPROVED\"}}}";
        assertThat(Reads.body(Fixtures.bytes(alone), Reads.RECEIVED).signals()).hasSize(1);
    }

    @Test
    void ids_that_cannot_stand_in_a_column_stay_in_the_payload() {
        var body =
                "{\"object\":\"whatsapp_business_account\",\"entry\":[{\"id\":\"a\\u0000b\",\"changes\":[{\"field\":\"x y\",\"value\":{\"metadata\":{\"phone_number_id\":\"\\ud83d\"}}}]}]}";
        var change = ((Split.Changes) Bodies.split(Fixtures.bytes(body))).changes().getFirst();

        assertThat(change.phoneNumberId()).isNull();
        assertThat(change.wabaId()).isNull();
        assertThat(change.field()).isEqualTo("unknown");
        assertThat(new String(change.payload(), java.nio.charset.StandardCharsets.US_ASCII))
                .contains("a\\u0000b", "\\uD83D", "x y");
    }
}
