package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.simulator.world.NumberSpec;
import java.time.Duration;
import java.util.ArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class AccountsTest {
    private static final String FIELDS =
            "id,display_phone_number,verified_name,status,quality_rating,quality_score,name_status,new_name_status,"
                    + "code_verification_status,platform_type,throughput,account_mode,is_on_biz_app,"
                    + "is_official_business_account,is_pin_enabled,messaging_limit_tier,webhook_configuration,"
                    + "health_status,last_onboarded_time";

    private Scene scene;

    @BeforeEach
    void start() throws Exception {
        scene = new Scene();
    }

    @AfterEach
    void stop() {
        scene.close();
    }

    private record Fresh(Business business, Client client) {
        Client.Answered register(String pin) throws Exception {
            return client.post(
                    "/v21.0/" + business.phoneNumberId() + "/register",
                    "{\"messaging_product\":\"whatsapp\",\"pin\":\"" + pin + "\"}");
        }

        JsonNode read(String fields) throws Exception {
            return client.get("/v21.0/" + business.phoneNumberId() + "?fields=" + fields).json();
        }
    }

    private Fresh fresh(NumberSpec number) {
        var business = scene.control.createBusiness(BusinessSpec.named("חדש").withNumber(number));
        return new Fresh(
                business,
                new Client(scene.simulator.baseUrl(), scene.control.mintToken(business.wabaId())));
    }

    @Test
    void an_account_tells_the_asked_fields_and_no_others() throws Exception {
        var read =
                scene.client.get(
                        "/v21.0/"
                                + scene.business.wabaId()
                                + "?fields=id,name,currency,timezone_id,owner_business_info,account_review_status");
        assertThat(read.json().path("name").asText()).isEqualTo("פרחי דנה");
        assertThat(read.json().path("account_review_status").asText()).isEqualTo("APPROVED");
        assertThat(read.json().at("/owner_business_info/id").asText())
                .isEqualTo(scene.business.businessId());
        assertThat(read.json().has("country")).isFalse();

        var unknown = scene.client.get("/v21.0/" + scene.business.wabaId() + "?fields=nonsense");
        assertThat(unknown.code()).isEqualTo(100);
        assertThat(unknown.json().at("/error/message").asText())
                .isEqualTo(
                        "(#100) Tried accessing nonexisting field (nonsense) on node type"
                                + " (WhatsAppBusinessAccount)");
    }

    @Test
    void a_field_of_v24_does_not_exist_before() throws Exception {
        var field = "?fields=whatsapp_business_manager_messaging_limit";
        assertThat(scene.client.get("/v21.0/" + scene.number + field).code()).isEqualTo(100);
        assertThat(scene.client.get("/v24.0/" + scene.number + field).status()).isEqualTo(200);
        assertThat(scene.client.get("/v99.9/" + scene.number).status()).isEqualTo(200);
    }

    @Test
    void a_number_tells_every_documented_field() throws Exception {
        var read = scene.client.get("/v21.0/" + scene.number + "?fields=" + FIELDS).json();
        assertThat(FIELDS.split(","))
                .allSatisfy(field -> assertThat(read.has(field)).as(field).isTrue());
        assertThat(read.path("status").asText()).isEqualTo("CONNECTED");
        assertThat(read.at("/throughput/level").asText()).isEqualTo("STANDARD");
        assertThat(read.path("is_on_biz_app").asBoolean(true)).isFalse();
        assertThat(read.at("/health_status/can_send_message").asText()).isEqualTo("AVAILABLE");

        scene.control.changeNumber(scene.number, NumberChange.none().withStatus("FLAGGED"));
        assertThat(
                        scene.client
                                .get("/v21.0/" + scene.number + "?fields=status")
                                .json()
                                .path("status")
                                .asText())
                .isEqualTo("FLAGGED");
    }

    @Test
    void numbers_come_in_pages() throws Exception {
        for (var i = 0; i < 4; i++) {
            scene.control.addNumber(scene.business.wabaId(), NumberSpec.of("+972 3-555-020" + i));
        }
        var ids = new ArrayList<String>();
        var path = "/v21.0/" + scene.business.wabaId() + "/phone_numbers?limit=2&fields=id";
        var pages = 0;
        while (!path.isEmpty()) {
            var page = scene.client.get(path).json();
            page.path("data").forEach(number -> ids.add(number.path("id").asText()));
            path = page.at("/paging/next").asText("");
            pages++;
        }
        assertThat(pages).isEqualTo(3);
        assertThat(ids).hasSize(5).doesNotHaveDuplicates();

        var bad = "/phone_numbers?after=nonsense";
        assertThat(scene.client.get("/v21.0/" + scene.business.wabaId() + bad).code())
                .isEqualTo(100);
        assertThat(scene.client.get("/v24.0/" + scene.business.wabaId() + bad).code())
                .isEqualTo(131059);
    }

    @Test
    void a_number_without_pin_takes_the_one_it_is_registered_with() throws Exception {
        var fresh = fresh(NumberSpec.of("+972 3-555-0300"));
        assertThat(fresh.read("platform_type").path("platform_type").asText())
                .isEqualTo("NOT_APPLICABLE");
        assertThat(fresh.register("123456").json().path("success").asBoolean()).isTrue();

        var read = fresh.read("platform_type,status,is_pin_enabled,last_onboarded_time");
        assertThat(read.path("platform_type").asText()).isEqualTo("CLOUD_API");
        assertThat(read.path("status").asText()).isEqualTo("CONNECTED");
        assertThat(read.path("is_pin_enabled").asBoolean()).isTrue();
        assertThat(fresh.register("654321").code()).isEqualTo(133005);
        assertThat(fresh.register("12").code()).isEqualTo(100);
    }

    @Test
    void a_number_with_a_pin_wants_that_pin_and_a_new_one_can_be_set_without_it() throws Exception {
        var fresh = fresh(NumberSpec.of("+972 3-555-0301").withPin("111111"));
        var wrong = fresh.register("222222");
        assertThat(wrong.status()).isEqualTo(400);
        assertThat(wrong.code()).isEqualTo(133005);

        fresh.client().post("/v21.0/" + fresh.business().phoneNumberId(), "{\"pin\":\"222222\"}");
        assertThat(fresh.register("222222").status()).isEqualTo(200);
    }

    @Test
    void the_eleventh_registration_in_72_hours_locks_the_number_for_72_hours() throws Exception {
        var fresh = fresh(NumberSpec.of("+972 3-555-0302").withPin("111111"));
        for (var i = 0; i < 10; i++) {
            assertThat(fresh.register("222222").code()).isEqualTo(133005);
        }
        assertThat(fresh.register("111111").code()).isEqualTo(133016);
        scene.clock.advance(Duration.ofDays(3).minusSeconds(1));
        assertThat(fresh.register("111111").code()).isEqualTo(133016);
        scene.clock.advance(Duration.ofSeconds(1));
        assertThat(fresh.register("111111").status()).isEqualTo(200);
    }

    @Test
    void an_unverified_number_cannot_be_registered() throws Exception {
        assertThat(fresh(NumberSpec.of("+972 3-555-0303").notVerified()).register("111111").code())
                .isEqualTo(133006);
    }

    @Test
    void a_deregistered_number_cannot_send() throws Exception {
        scene.client.post("/v21.0/" + scene.number + "/deregister", "");
        scene.customerWrote();
        assertThat(scene.sendText("a").code()).isEqualTo(133010);
    }

    @Test
    void a_coexistence_number_is_registered_already_and_syncs_once_within_a_day() throws Exception {
        var shop = fresh(NumberSpec.of("+972 50-555-0304").onBusinessApp());
        assertThat(shop.read("is_on_biz_app,platform_type").path("is_on_biz_app").asBoolean())
                .isTrue();
        assertThat(shop.register("111111").code()).isEqualTo(100);
        var path = "/v21.0/" + shop.business().phoneNumberId() + "/smb_app_data";
        var contacts = "{\"messaging_product\":\"whatsapp\",\"sync_type\":\"smb_app_state_sync\"}";

        var first = shop.client().post(path, contacts);
        assertThat(first.json().path("request_id").asText()).isNotEmpty();
        assertThat(shop.client().post(path, contacts).code()).isEqualTo(2593107);
        scene.clock.advance(Duration.ofDays(1).plusSeconds(1));
        assertThat(
                        shop.client()
                                .post(path, contacts.replace("smb_app_state_sync", "history"))
                                .code())
                .isEqualTo(2593108);
    }

    @Test
    void a_subscription_is_listed_until_it_is_deleted() throws Exception {
        var path = "/v21.0/" + scene.business.wabaId() + "/subscribed_apps";
        assertThat(
                        scene.client
                                .get(path)
                                .json()
                                .at("/data/0/whatsapp_business_api_data/id")
                                .asText())
                .isEqualTo(scene.simulator.options().appId());
        assertThat(scene.client.delete(path).json().path("success").asBoolean()).isTrue();
        assertThat(scene.client.get(path).json().path("data")).isEmpty();
    }

    @Test
    void templates_can_be_filtered_and_paged() throws Exception {
        var base =
                "/v21.0/"
                        + scene.business.wabaId()
                        + "/message_templates?fields=name,language,status";
        assertThat(scene.client.get(base + "&name=order_update").json().path("data")).hasSize(2);
        assertThat(scene.client.get(base + "&name=order_update&language=he").json().path("data"))
                .hasSize(1);
        assertThat(scene.client.get(base + "&status=PAUSED").json().path("data")).hasSize(1);
        assertThat(scene.client.get(base + "&limit=100").json().at("/paging/next").isMissingNode())
                .isTrue();
        assertThat(scene.client.get(base + "&limit=3").json().at("/paging/next").asText())
                .contains("after=");
        assertThat(scene.client.get(base + "&limit=100").json().path("data"))
                .hasSizeGreaterThanOrEqualTo(9);

        var one = scene.client.get(base + "&name=hello_world").json().at("/data/0");
        assertThat(one.path("language").asText()).isEqualTo("en_US");
        var node =
                scene.client.get(
                        "/v21.0/" + one.path("id").asText() + "?fields=components,quality_score");
        assertThat(node.json().at("/components/0/type").asText()).isEqualTo("HEADER");
    }

    @Test
    void unknown_paths_and_ids_are_refused_in_graphs_words() throws Exception {
        assertThat(scene.client.get("/v21.0/" + scene.number + "/nonsense").code()).isEqualTo(2500);
        assertThat(scene.client.get("/v21.0/1/2/3").code()).isEqualTo(2500);
        assertThat(scene.client.delete("/v21.0/999").code()).isEqualTo(100);
    }
}
