package dev.gesher.app.webhooks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.world.Business;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** From Meta's body to what the tenant's apps read: people, echoes, history, edits. */
class TellingTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final int DAY = 86_400;
    private static RunningGesher gesher;
    private static int tenants;

    private TestTenant tenant;
    private Business business;
    private long now;

    @BeforeAll
    static void start() {
        gesher = RunningGesher.startWithSimulator();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    @BeforeEach
    void connect() {
        tenants++;
        tenant = gesher.newTenant("telling " + tenants);
        business = gesher.connect(tenant, "+972 3-555-01" + (10 + tenants));
        // Meta's second in which the number was bound may have begun before.
        now = Instant.now().getEpochSecond() + 1;
    }

    /**
     * A field's value, quotes written as apostrophes, {@code @n} as n seconds from now, {@code #n}
     * the same a day ago.
     */
    private void tell(String field, String value) {
        try {
            var text = value.replace('\'', '"');
            for (int i = 30; i >= 0; i--) {
                text = text.replace("@" + i + "\"", (now + i) + "\"");
                text = text.replace("#" + i + "\"", (now - DAY + i) + "\"");
            }
            var node = (ObjectNode) JSON.readTree(text);
            node.put("messaging_product", "whatsapp");
            node.putObject("metadata")
                    .put("display_phone_number", "97235550110")
                    .put("phone_number_id", business.phoneNumberId());
            gesher.simulator().control().sendWebhook(business.wabaId(), field, node);
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new IllegalArgumentException(e);
        }
    }

    private List<JsonNode> conversations() {
        var all = new ArrayList<JsonNode>();
        gesher.get("/v1/conversations", tenant.token()).json().at("/data").forEach(all::add);
        return all;
    }

    private JsonNode only() {
        assertThat(conversations()).hasSize(1);
        return conversations().getFirst();
    }

    private List<JsonNode> messages() {
        var all = new ArrayList<JsonNode>();
        gesher.get(
                        "/v1/conversations/"
                                + only().path("conversation_id").asText()
                                + "/messages",
                        tenant.token())
                .json()
                .at("/data")
                .forEach(all::add);
        return all;
    }

    private JsonNode message(String wamid) {
        return messages().stream()
                .filter(m -> m.path("wa_message_id").asText().equals(wamid))
                .findFirst()
                .orElseThrow(AssertionError::new);
    }

    @Test
    void a_person_stays_one_whatever_meta_shows_of_them() {
        tell(
                "messages",
                "{'contacts':[{'profile':{'name':'דנה'},'user_id':'IL.1'}],"
                        + "'messages':[{'from_user_id':'IL.1','id':'wamid.1','timestamp':'@1','type':'text','text':{'body':'א'}}]}");
        tell(
                "messages",
                "{'contacts':[{'profile':{'name':'דנה'},'wa_id':'972502345678'}],"
                        + "'messages':[{'from':'972502345678','id':'wamid.2','timestamp':'@2','type':'text','text':{'body':'ב'}}]}");
        await().untilAsserted(() -> assertThat(conversations()).hasSize(2));
        assertThat(conversations())
                .extracting(c -> c.path("customer_phone").isMissingNode())
                .containsExactlyInAnyOrder(true, false);

        tell(
                "messages",
                "{'contacts':[{'profile':{'name':'דנה'},'wa_id':'972502345678','user_id':'IL.1'}],"
                        + "'messages':[{'from':'972502345678','from_user_id':'IL.1','id':'wamid.3','timestamp':'@3','type':'text','text':{'body':'ג'}}]}");
        await().untilAsserted(() -> assertThat(only().path("message_count").asInt()).isEqualTo(3));
        tell(
                "messages",
                "{'messages':[{'from':'972502345678','id':'wamid.4','timestamp':'@4','type':'system',"
                        + "'system':{'body':'x','type':'user_changed_number','wa_id':'972522345678'}}]}");
        tell(
                "messages",
                "{'contacts':[{'profile':{'name':'דנה'},'wa_id':'972522345678','user_id':'IL.2'}],"
                        + "'messages':[{'from':'972522345678','from_user_id':'IL.2','id':'wamid.5','timestamp':'@5','type':'text','text':{'body':'ה'}}]}");

        await().untilAsserted(() -> {
            assertThat(only().path("message_count").asInt()).isEqualTo(5);
            assertThat(only().path("customer_phone").asText()).isEqualTo("+972522345678");
            assertThat(only().path("customer_user_id").asText()).isEqualTo("IL.2");
        });
        assertThat(messages()).hasSize(5);
    }

    @Test
    void what_the_app_wrote_and_changed_is_read_as_it_is_now() {
        tell(
                "messages",
                "{'statuses':[{'id':'wamid.e1','status':'read','timestamp':'@9','recipient_id':'972502345678'}]}");
        tell(
                "smb_message_echoes",
                "{'message_echoes':[{'from':'97235550110','to':'972502345678','id':'wamid.e1','timestamp':'@1','type':'text','text':{'body':'א'}},"
                        + "{'from':'97235550110','to':'972502345678','id':'wamid.e2','timestamp':'@3','type':'edit','edit':"
                        + "{'original_message_id':'wamid.e1','message':{'type':'text','text':{'body':'תיקון'}}}},"
                        + "{'from':'97235550110','to':'972502345678','id':'wamid.e3','timestamp':'@4','type':'text','text':{'body':'ב'}},"
                        + "{'from':'97235550110','to':'972502345678','id':'wamid.e4','timestamp':'@5','type':'revoke','revoke':{'original_message_id':'wamid.e3'}}]}");

        await().untilAsserted(() -> {
            assertThat(message("wamid.e1").at("/content/text/body").asText()).isEqualTo("תיקון");
            assertThat(message("wamid.e1").path("edited_at").isTextual()).isTrue();
            assertThat(message("wamid.e1").path("status").asText()).isEqualTo("read");
            assertThat(message("wamid.e1").path("source").asText()).isEqualTo("app");
            assertThat(message("wamid.e3").path("revoked_at").isTextual()).isTrue();
            assertThat(message("wamid.e3").has("content")).isFalse();
        });
        assertThat(messages()).hasSize(2);
        assertThat(only().path("window_open").asBoolean()).isFalse();
    }

    @Test
    void history_and_the_apps_names_are_there_and_open_nothing() {
        tell(
                "smb_app_state_sync",
                "{'state_sync':[{'type':'contact','contact':{'full_name':'דנה כהן','first_name':'דנה','phone_number':'972502345678'},"
                        + "'action':'add','metadata':{'timestamp':'@1'}}]}");
        tell(
                "history",
                "{'history':[{'metadata':{'phase':0,'chunk_order':1,'progress':55},'threads':[{'id':'972502345678','messages':["
                        + "{'from':'97235550110','id':'wamid.h1','timestamp':'#1','type':'text','text':{'body':'א'},'history_context':{'status':'READ'}},"
                        + "{'from':'972502345678','id':'wamid.h2','timestamp':'#2','type':'text','text':{'body':'ב'},'history_context':{'status':'READ'}}]}]}]}");

        await().untilAsserted(() -> {
            assertThat(only().path("message_count").asInt()).isEqualTo(2);
            assertThat(only().path("customer_name").asText()).isEqualTo("דנה כהן");
        });
        assertThat(only().path("window_open").asBoolean()).isFalse();
        assertThat(message("wamid.h1").path("direction").asText()).isEqualTo("outbound");
        assertThat(message("wamid.h1").path("status").asText()).isEqualTo("read");
        assertThat(message("wamid.h2").path("direction").asText()).isEqualTo("inbound");
        assertThat(messages())
                .allSatisfy(m -> assertThat(m.path("source").asText()).isEqualTo("history"));
    }

    @Test
    void an_advertisement_is_kept_with_the_conversation() {
        tell(
                "messages",
                "{'contacts':[{'profile':{'name':'דנה'},'wa_id':'972502345678'}],"
                        + "'messages':[{'from':'972502345678','id':'wamid.r1','timestamp':'@1','type':'text','text':{'body':'א'},"
                        + "'referral':{'source_url':'https://fb.me/x','source_id':'120','source_type':'ad','ctwa_clid':'clid'}}]}");

        await().untilAsserted(() ->
                assertThat(only().at("/referral/source_id").asText()).isEqualTo("120"));
        assertThat(only().at("/referral/ctwa_clid").asText()).isEqualTo("clid");
        assertThat(only().path("window_open").asBoolean()).isTrue();
    }
}
