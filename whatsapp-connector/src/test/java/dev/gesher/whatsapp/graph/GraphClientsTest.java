package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.control.Control;
import dev.gesher.simulator.control.Inbound;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberChange;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.Tenants;
import dev.gesher.tenant.Tenants.NewTenant;
import dev.gesher.tenant.Vault;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.ConnectorContext;
import dev.gesher.whatsapp.GraphUnavailableException;
import dev.gesher.whatsapp.MediaAnswer;
import dev.gesher.whatsapp.MessageContent.Image;
import dev.gesher.whatsapp.MessageContent.Parameter;
import dev.gesher.whatsapp.MessageContent.Template;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.Sha256;
import dev.gesher.whatsapp.WhatsAppClient;
import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import dev.gesher.whatsapp.WhatsAppClients;
import io.micronaut.context.ApplicationContext;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

@GesherDatabase
class GraphClientsTest {
    private static final Recipient DANA = new Recipient.Phone(new PhoneNumber("+972501234567"));

    private final SettableClock clock = SettableClock.at("2026-11-20T09:00:00Z");
    private final TestDatabase database;
    private TenantId tenant;
    private GraphSimulator simulator;
    private Control meta;
    private ApplicationContext context;
    private Business bakery;
    private WhatsAppClient client;

    GraphClientsTest(TestDatabase database) {
        this.database = database;
    }

    @BeforeEach
    void start() throws Exception {
        simulator = GraphSimulator.start();
        meta = simulator.control();
        meta.changeQuirks("{\"require_app_secret_proof\":true}");
        bakery = meta.createBusiness("מאפיית דנה", "+972 3-555-0101");
        meta.changeNumber(bakery.phoneNumberId(), NumberChange.none().withRegistered(true));
        context = ConnectorContext.start(database, simulator, Map.of(), clock);
        tenant = newTenant();
        client = context.getBean(WhatsAppClients.class).clientFor(tenant);
        keep(meta.mintToken(bakery.wabaId()));
    }

    @AfterEach
    void stop() {
        context.close();
        simulator.close();
    }

    @Test
    void a_text_arrives_with_what_its_status_will_carry() {
        meta.customerWrites(bakery.phoneNumberId(), "972501234567", "שלום");

        var result = client.send(bakery.phoneNumberId(), DANA, new Text("אהלן דנה", false), "m.1");

        var sent = meta.sentTo("972501234567");
        assertThat(sent).hasSize(1);
        assertThat(result)
                .isInstanceOfSatisfying(
                        SendResult.Accepted.class,
                        accepted -> {
                            assertThat(accepted.waMessageId()).isEqualTo(sent.getFirst().wamid());
                            assertThat(accepted.waId()).isEqualTo("972501234567");
                            assertThat(accepted.held()).isFalse();
                        });
        assertThat(meta.calls("/messages").getFirst().body())
                .contains("\"biz_opaque_callback_data\":\"m.1\"", "אהלן דנה");
    }

    @Test
    void a_template_arrives_in_hebrew_and_an_image_by_link() {
        var template =
                new Template(
                        "order_update",
                        Optional.of("he"),
                        List.of(
                                new Parameter("first_name", "דנה"),
                                new Parameter("order_id", "A-1")),
                        Optional.empty());
        var variant =
                client.template(bakery.wabaId(), "order_update").stream()
                        .filter(one -> one.language().equals("he"))
                        .findFirst()
                        .orElseThrow();
        assertThat(variant.approved()).isTrue();
        assertThat(client.send(bakery.phoneNumberId(), DANA, template, "m.1"))
                .isInstanceOf(SendResult.Accepted.class);

        meta.customerWrites(bakery.phoneNumberId(), "972501234567", "שלום");
        assertThat(
                        client.send(
                                bakery.phoneNumberId(),
                                DANA,
                                new Image(null, "https://example.org/a.jpg", "קבלה"),
                                "m.2"))
                .isInstanceOf(SendResult.Accepted.class);
    }

    @Test
    void outside_the_window_text_is_refused_as_such() {
        assertThat(client.send(bakery.phoneNumberId(), DANA, new Text("x", false), "m.1"))
                .isInstanceOf(SendResult.WindowClosed.class);
    }

    @Test
    void a_revoked_token_parks_the_lane() {
        meta.revokeTokensOf(bakery.wabaId());
        assertThat(client.send(bakery.phoneNumberId(), DANA, new Text("x", false), "m.1"))
                .isInstanceOfSatisfying(
                        SendResult.LaneParked.class,
                        parked ->
                                assertThat(parked.cause())
                                        .isEqualTo(ConnectionCause.TOKEN_INVALID));
    }

    /** A customer's picture: what the webhook said of it. */
    private JsonNode picture(String more) {
        var content = JsonNodeFactory.instance.objectNode().put("type", "image");
        content.set("image", parsed("{\"mime_type\":\"image/png\"" + more + "}"));
        var id = meta.customerWrites(Inbound.of(bakery.phoneNumberId(), "972501234567", content));
        return parsed(
                        meta
                                .conversation(bakery.phoneNumberId(), "972501234567")
                                .messages()
                                .stream()
                                .filter(message -> message.wamid().equals(id.wamid()))
                                .findFirst()
                                .orElseThrow()
                                .content()
                                .toString())
                .path("image");
    }

    private static ObjectNode parsed(String json) {
        try {
            return (ObjectNode) new ObjectMapper().readTree(json);
        } catch (JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }

    private MediaAnswer open(JsonNode picture, Optional<String> url) {
        return client.openMedia(picture.path("id").asText(), bakery.phoneNumberId(), url);
    }

    private static byte[] bytes(MediaAnswer answer) throws IOException {
        assertThat(answer).isInstanceOf(MediaAnswer.Open.class);
        try (var open = (MediaAnswer.Open) answer) {
            return open.body().readAllBytes();
        }
    }

    @Test
    void a_file_is_asked_for_by_its_id_with_its_hash() throws IOException {
        var picture = picture("");

        var answer = open(picture, Optional.empty());

        assertThat(bytes(answer)).hasSizeGreaterThan(100);
        assertThat(((MediaAnswer.Open) answer).mimeType()).contains("image/png");
        assertThat(((MediaAnswer.Open) answer).sha256())
                .isPresent()
                .isEqualTo(Sha256.parse(picture.path("sha256").asText()));
    }

    @Test
    void an_address_from_the_webhook_spares_the_question_while_it_is_good() throws IOException {
        var picture = picture("");
        var url = Optional.of(picture.path("url").asText());

        assertThat(bytes(open(picture, url))).hasSizeGreaterThan(100);
        assertThat(meta.calls("GET /" + picture.path("id").asText())).isEmpty();

        meta.advanceClock(Duration.ofMinutes(6));
        assertThat(bytes(open(picture, url))).hasSizeGreaterThan(100);
        assertThat(meta.calls("/media/")).hasSizeGreaterThanOrEqualTo(3);

        assertThat(bytes(open(picture, Optional.of("https://example.org/steal"))))
                .hasSizeGreaterThan(100);
    }

    @Test
    void what_is_not_there_or_too_large_is_told_apart() throws IOException {
        var picture = picture("");
        var large = picture(",\"size\":104857601");
        assertThat(open(large, Optional.empty())).isEqualTo(new MediaAnswer.TooLarge());
        assertThat(open(large, Optional.of(large.path("url").asText())))
                .isEqualTo(new MediaAnswer.TooLarge());

        meta.addFault(Match.any().path("GET /media/").times(1), Effect.httpError(404));
        assertThat(open(picture, Optional.empty()))
                .isEqualTo(new MediaAnswer.NotNow("http_404", Optional.empty()));
        meta.addFault(
                Match.any().path("GET /media/").times(1), Effect.redirect("https://a.example"));
        assertThat(open(picture, Optional.empty()))
                .isEqualTo(new MediaAnswer.NotNow("foreign_host", Optional.empty()));
        meta.advanceClock(Duration.ofDays(7));
        assertThat(open(picture, Optional.empty()))
                .isEqualTo(new MediaAnswer.NotNow("no_object", Optional.empty()));
        meta.revokeTokensOf(bakery.wabaId());
        assertThat(open(picture, Optional.empty()))
                .isEqualTo(new MediaAnswer.NotNow("190", Optional.empty()));
        client = context.getBean(WhatsAppClients.class).clientFor(newTenant());
        assertThat(open(picture, Optional.empty()))
                .isEqualTo(new MediaAnswer.NotNow("no_token", Optional.empty()));
    }

    @Test
    void a_tenant_without_a_token_calls_nobody() {
        client = context.getBean(WhatsAppClients.class).clientFor(newTenant());
        assertThat(client.send(bakery.phoneNumberId(), DANA, new Text("x", false), "m.1"))
                .isEqualTo(
                        new SendResult.LaneParked(
                                "no_token", ConnectionCause.TOKEN_INVALID, Optional.empty()));
        assertThatThrownBy(() -> client.template(bakery.wabaId(), "order_update"))
                .isInstanceOf(GraphUnavailableException.class);
        assertThat(meta.calls()).isEmpty();
    }

    @Test
    void a_token_that_does_not_open_holds_the_number_up_and_calls_nobody() throws Exception {
        try (var connection = database.connectAsAdministrator();
                var spoil =
                        connection.prepareStatement(
                                "UPDATE secrets SET ciphertext = '\\x00' WHERE tenant_id = ?")) {
            spoil.setObject(1, tenant.value());
            spoil.executeUpdate();
        }

        assertThat(client.send(bakery.phoneNumberId(), DANA, new Text("x", false), "m.1"))
                .isEqualTo(
                        new SendResult.RetryLater(
                                "vault",
                                SendResult.Scope.NUMBER,
                                Optional.empty(),
                                Optional.empty()));
        assertThat(meta.calls()).isEmpty();
    }

    @Test
    void what_cannot_be_written_as_a_request_is_refused_and_calls_nobody() {
        var noLanguage =
                new Template("order_update", Optional.empty(), List.of(), Optional.empty());

        assertThat(client.send(bakery.phoneNumberId(), DANA, noLanguage, "m.1"))
                .isEqualTo(new SendResult.Refused("internal_error", Optional.empty()));
        assertThat(client.send("not/an/id", DANA, new Text("x", false), "m.1"))
                .isEqualTo(new SendResult.Refused("internal_error", Optional.empty()));
        assertThat(meta.calls()).isEmpty();
    }

    @Test
    void a_refused_token_that_another_process_has_replaced_is_opened_again() throws Exception {
        var text = new Text("x", false);
        meta.customerWrites(bakery.phoneNumberId(), "972501234567", "שלום");
        assertThat(client.send(bakery.phoneNumberId(), DANA, text, "m.1"))
                .isInstanceOf(SendResult.Accepted.class);
        meta.revokeTokensOf(bakery.wabaId());
        try (var there = ConnectorContext.start(database, simulator, Map.of(), clock)) {
            keep(there, meta.mintToken(bakery.wabaId()));
        }
        clock.advance(Duration.ofSeconds(10));

        assertThat(client.send(bakery.phoneNumberId(), DANA, text, "m.2"))
                .isInstanceOfSatisfying(
                        SendResult.RetryLater.class,
                        later -> assertThat(later.code()).isEqualTo("190"));
        assertThat(client.send(bakery.phoneNumberId(), DANA, text, "m.3"))
                .isInstanceOf(SendResult.Accepted.class);
    }

    @Test
    void a_prepared_message_needs_the_database_no_more() throws Exception {
        meta.customerWrites(bakery.phoneNumberId(), "972501234567", "שלום");
        var prepared = client.prepare(bakery.phoneNumberId(), DANA, new Text("x", false), "m.1");
        assertThat(meta.calls("/messages")).isEmpty();
        context.getBean(TenantScope.class)
                .in(
                        tenant,
                        tx -> {
                            context.getBean(Vault.class)
                                    .destroy(tx, tenant, SecretName.META_ACCESS_TOKEN);
                            return null;
                        });

        assertThat(prepared.send()).isInstanceOf(SendResult.Accepted.class);
    }

    @Test
    void a_tenants_token_does_not_reach_another_tenants_number() {
        var other = meta.createBusiness("פרחי רון", "+972 3-555-0303");
        assertThat(client.send(other.phoneNumberId(), DANA, new Text("x", false), "m.1"))
                .isInstanceOf(SendResult.Refused.class);
        assertThat(meta.sentMessages()).isEmpty();
    }

    @Test
    void templates_are_read_by_exact_name_and_kept_for_five_minutes() throws Exception {
        var json = new com.fasterxml.jackson.databind.ObjectMapper();
        for (var name : List.of("greeting", "greeting_long")) {
            meta.putTemplate(
                    bakery.wabaId(),
                    json.createObjectNode()
                            .put("name", name)
                            .put("language", "en_US")
                            .put("category", "UTILITY")
                            .put("status", "PAUSED")
                            .set(
                                    "components",
                                    json.readTree("[{\"type\":\"BODY\",\"text\":\"Hi\"}]")));
        }

        assertThat(client.template(bakery.wabaId(), "greeting"))
                .containsExactly(
                        new TemplateVariant(
                                "greeting",
                                "en_US",
                                "PAUSED",
                                "UTILITY",
                                "POSITIONAL",
                                clock.instant()));
        client.template(bakery.wabaId(), "greeting");
        assertThat(meta.calls("/message_templates")).hasSize(1);

        clock.advance(Duration.ofMinutes(5).plusSeconds(1));
        client.template(bakery.wabaId(), "greeting");
        assertThat(meta.calls("/message_templates")).hasSize(2);
        assertThat(client.template(bakery.wabaId(), "unknown")).isEmpty();
    }

    @Test
    void a_failure_to_read_templates_is_not_kept() {
        meta.addFault(Match.any().path("message_templates").times(1), Effect.refuse(80007));
        assertThatThrownBy(() -> client.template(bakery.wabaId(), "order_update"))
                .isInstanceOfSatisfying(
                        GraphUnavailableException.class,
                        e -> assertThat(e.code()).isEqualTo("80007"));
        assertThat(client.template(bakery.wabaId(), "order_update")).isNotEmpty();
    }

    @Test
    void what_meta_refuses_later_is_told_apart() {
        for (var expected :
                Map.of(
                                130429, SendResult.RetryLater.class,
                                131042, SendResult.LaneParked.class,
                                131000, SendResult.Unknown.class,
                                131026, SendResult.Refused.class)
                        .entrySet()) {
            meta.addFault(Match.any().path("/messages").times(1), Effect.refuse(expected.getKey()));
            assertThat(client.send(bakery.phoneNumberId(), DANA, new Text("x", false), "m.1"))
                    .as("code %d", expected.getKey())
                    .isInstanceOf(expected.getValue());
        }
    }

    private TenantId newTenant() {
        return context.getBean(Tenants.class)
                .create(new NewTenant("מאפיית דנה", "he", "IL"), "operator")
                .id();
    }

    private void keep(String token) {
        keep(context, token);
    }

    private void keep(ApplicationContext process, String token) {
        process.getBean(TenantScope.class)
                .in(
                        tenant,
                        tx -> {
                            process.getBean(Vault.class)
                                    .store(
                                            tx,
                                            tenant,
                                            SecretName.META_ACCESS_TOKEN,
                                            SecretText.of(token),
                                            null);
                            return null;
                        });
    }
}
