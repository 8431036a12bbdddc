package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.AccountFact.AccountAlert;
import dev.gesher.whatsapp.AccountFact.AccountReview;
import dev.gesher.whatsapp.AccountFact.AccountUpdate;
import dev.gesher.whatsapp.AccountFact.Capability;
import dev.gesher.whatsapp.AccountFact.Flow;
import dev.gesher.whatsapp.AccountFact.HistoryProgress;
import dev.gesher.whatsapp.AccountFact.HistoryRefused;
import dev.gesher.whatsapp.AccountFact.NumberError;
import dev.gesher.whatsapp.AccountFact.NumberName;
import dev.gesher.whatsapp.AccountFact.NumberQuality;
import dev.gesher.whatsapp.AccountFact.NumberUsername;
import dev.gesher.whatsapp.AccountFact.Security;
import dev.gesher.whatsapp.AccountFact.Template;
import dev.gesher.whatsapp.AccountFact.TemplateCategory;
import dev.gesher.whatsapp.AccountFact.TemplateQuality;
import dev.gesher.whatsapp.AccountFact.TemplateStatus;
import dev.gesher.whatsapp.InboundListener.Received;
import dev.gesher.whatsapp.InboundSignal;
import dev.gesher.whatsapp.InboundSignal.AppContact;
import dev.gesher.whatsapp.InboundSignal.CustomerChanged;
import dev.gesher.whatsapp.InboundSignal.Edit;
import dev.gesher.whatsapp.InboundSignal.Message;
import dev.gesher.whatsapp.InboundSignal.News;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Preference;
import dev.gesher.whatsapp.InboundSignal.Revoke;
import dev.gesher.whatsapp.InboundSignal.Source;
import dev.gesher.whatsapp.InboundSignal.StatusUpdate;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bodies.Split;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** Webhooks that others have seen or Meta has published, read where they lie beside the project. */
class SharedPayloadsTest {
    private static final Path PAYLOADS = Path.of("..", "..", "shared", "payloads");
    private static final Instant RECEIVED = Instant.parse("2026-09-22T10:00:00Z");
    private static final TenantId TENANT = new TenantId(new UUID(1, 1));
    private static final String OUR_NUMBER = "the number it is held by";

    private static final Set<String> KEPT_RAW =
            Set.of(
                    "automatic_events",
                    "calls",
                    "group_lifecycle_update",
                    "group_participants_update",
                    "group_settings_update",
                    "group_status_update",
                    "partner_solutions",
                    "payment_configuration_update",
                    "standby");

    private static final Set<String> NO_WINDOW = Set.of("reaction", "unsupported", "system");

    /**
     * One change of a payload and what became of it.
     *
     * @param value as it lies in the file
     */
    private record Seen(String file, String kind, JsonNode entry, JsonNode value, Plans.Plan plan) {
        List<InboundSignal> signals() {
            return plan.received().stream().map(Received::signal).toList();
        }

        JsonNode at(String pointer) {
            return value.at(pointer);
        }

        String text(String pointer) {
            return value.at(pointer).asText();
        }

        Instant told() {
            return Instant.ofEpochSecond(entry.path("time").asLong());
        }

        <T> T fact(Class<T> type) {
            assertThat(signals()).hasSize(1);
            var news = (News) signals().getFirst();
            assertThat(news.at()).isEqualTo(entry.has("time") ? told() : RECEIVED);
            assertThat(Json.read(Fixtures.bytes(news.valueJson())))
                    .contains(
                            value.has("errors") && value.has("metadata")
                                    ? value.at("/errors/0")
                                    : value.has("history")
                                            ? value.at("/history/0/errors/0")
                                            : value);
            assertThat(news.wabaId())
                    .isEqualTo(value.at("/waba_info/waba_id").asText(entry.path("id").asText()));
            assertThat(news.fact()).isInstanceOf(type);
            return type.cast(news.fact());
        }
    }

    @TestFactory
    Stream<DynamicTest> every_webhook_is_understood() {
        // Nobody else has the folder; a build that proves something must.
        assumeTrue(Files.exists(PAYLOADS) || System.getenv("CI") != null);
        return webhooks().stream()
                .map(row ->
                        DynamicTest.dynamicTest(
                                row.getFirst(), () -> understood(row.getFirst(), row.get(2))));
    }

    @Test
    void there_are_many() {
        assumeTrue(Files.exists(PAYLOADS) || System.getenv("CI") != null);
        assertThat(webhooks()).hasSizeGreaterThan(150);
    }

    private static List<List<String>> webhooks() {
        try {
            return Files.readAllLines(PAYLOADS.resolve("MANIFEST.tsv")).stream()
                    .map(line -> List.of(line.split("\t", -1)))
                    .filter(columns -> columns.get(2).startsWith("webhook."))
                    .toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void understood(String file, String kind) throws IOException {
        var body = Files.readAllBytes(PAYLOADS.resolve(file));
        var split = Bodies.split(body);
        assertThat(split).isInstanceOf(Split.Changes.class);
        var entries = Json.read(body).orElseThrow().path("entry");
        var changes = ((Split.Changes) split).changes();
        int n = 0;
        for (var entry : entries) {
            for (var change : entry.path("changes")) {
                var plan = plan(changes.get(n++));
                assertThat(plan.settled().error()).isNull();
                assertThat(plan.settled().state()).isEqualTo(State.APPLIED);
                expect(new Seen(file, kind, entry, change.path("value"), plan));
            }
        }
        assertThat(n).isEqualTo(changes.size()).isPositive();
    }

    /** As if the tenant had held whatever number and account it is about, always. */
    private static Plans.Plan plan(Bodies.Change change) {
        assertThat(change.field()).isNotEqualTo(Fields.UNKNOWN);
        var number = change.phoneNumberId();
        var held = new Binding(TENANT, number == null ? OUR_NUMBER : number, Instant.EPOCH, null);
        var plan =
                Plans.plan(
                        Reads.received(change, RECEIVED),
                        change.payload(),
                        new Bindings(
                                Map.of(String.valueOf(number), List.of(held)),
                                Map.of(String.valueOf(change.wabaId()), List.of(held))),
                        DisplayNumbers.NONE);
        assertThat(plan.received())
                .allSatisfy(received -> {
                    assertThat(received.tenant()).isEqualTo(TENANT);
                    assertThat(received.phoneNumberId()).isEqualTo(held.phoneNumberId());
                });
        return plan;
    }

    private static void expect(Seen seen) {
        var names = List.of(seen.kind().split("\\.", -1));
        switch (names.get(1)) {
            case "messages" -> {
                switch (names.get(2)) {
                    case "message" -> messages(seen);
                    case "status" -> statuses(seen);
                    default -> errors(seen);
                }
            }
            case "smb_message_echoes", "smb_message_echoes+bsuid_only" -> echoes(seen);
            case "history" -> history(seen);
            case "smb_app_state_sync" -> contacts(seen);
            case "user_preferences" -> preferences(seen);
            case "account_update" -> accountUpdate(seen, names.get(2));
            case "account_review_update" ->
                    assertThat(seen.fact(AccountReview.class).decision()).isEqualTo("APPROVED");
            case "account_alerts" -> alert(seen);
            case "business_capability_update" ->
                    assertThat(seen.fact(Capability.class))
                            .isEqualTo(
                                    new Capability(
                                            Optional.of("2000"),
                                            Optional.empty(),
                                            Optional.of(25)));
            case "phone_number_quality_update" -> {
                var quality = seen.fact(NumberQuality.class);
                assertThat(quality.event()).isEqualTo(names.get(2));
                assertThat(quality.limit()).contains(seen.text("/current_limit"));
            }
            case "phone_number_name_update" -> {
                var name = seen.fact(NumberName.class);
                assertThat(name.decision()).isEqualTo("APPROVED");
                assertThat(name.name()).contains(seen.text("/requested_verified_name"));
                assertThat(name.rejectionReason()).isEmpty();
            }
            case "business_username_updates" ->
                    assertThat(seen.fact(NumberUsername.class))
                            .isEqualTo(new NumberUsername(Optional.of("lucky_shrub"), "approved"));
            case "security" ->
                    assertThat(seen.fact(Security.class))
                            .isEqualTo(
                                    new Security(
                                            "PIN_RESET_REQUEST", Optional.of("61555822107539")));
            case "message_template_status_update" -> template(seen);
            case "template_category_update" -> category(seen);
            case "flows" -> {
                var flow = seen.fact(Flow.class);
                assertThat(flow.event()).isEqualTo(names.get(2));
                assertThat(flow.flowId()).contains(seen.text("/flow_id"));
                assertThat(flow.message().orElseThrow())
                        .isEqualTo(seen.at("/message").asText(seen.text("/warning")));
            }
            default -> {
                assertThat(KEPT_RAW).as("nothing is expected of it yet").contains(names.get(1));
                assertThat(seen.signals()).isEmpty();
                assertThat(seen.plan().counts()).contains("ignored." + names.get(1));
            }
        }
    }

    // --- customers

    private static void messages(Seen seen) {
        var written = new ArrayList<JsonNode>();
        int groups = 0;
        for (var message : seen.at("/messages")) {
            if (message.has("group_id")) {
                groups++;
            } else {
                written.add(message);
            }
        }
        assertThat(written.size() + groups).isPositive();
        assertThat(seen.plan().counts().stream().filter("ignored.group_message"::equals))
                .hasSize(groups);
        assertThat(seen.signals()).hasSize(written.size());
        for (int n = 0; n < written.size(); n++) {
            message(seen, written.get(n), seen.signals().get(n));
        }
    }

    private static void message(Seen seen, JsonNode message, InboundSignal signal) {
        var contact = seen.at("/contacts/0");
        assertThat(((InboundSignal.OfMessage) signal).waMessageId())
                .isEqualTo(message.path("id").asText());
        var time = message.path("timestamp").asLong();
        assertThat(signal.at()).isEqualTo(time == 0 ? RECEIVED : Instant.ofEpochSecond(time));
        switch (signal) {
            case Message written -> {
                var type = message.path("type").asText();
                assertThat(seen.kind()).contains(".message." + type);
                assertThat(written.type()).isEqualTo(type);
                // One is from the number it came to, and its contact is another.
                boolean ours =
                        message.path("from").equals(seen.at("/metadata/phone_number_id"))
                                && !message.path("from").equals(contact.path("wa_id"));
                assertThat(written.source()).isEqualTo(ours ? Source.ECHO : Source.LIVE);
                assertThat(written.fromCustomer()).isEqualTo(!ours);
                assertThat(written.opensWindow())
                        .isEqualTo(!ours && time > 0 && !NO_WINDOW.contains(type));
                assertThat(Json.read(Fixtures.bytes(written.contentJson()))).contains(message);
                if (ours) {
                    assertThat(written.customer().phone())
                            .contains(PhoneNumber.ofWaId(contact.path("wa_id").asText()));
                } else {
                    from(written.customer(), message, contact);
                }
                assertThat(written.contextWaMessageId())
                        .isEqualTo(
                                id(message.at("/context/id"))
                                        .or(() -> id(message.at("/reaction/message_id"))));
                assertThat(written.referral().isPresent())
                        .isEqualTo(seen.kind().contains("+referral"));
                written.referral()
                        .ifPresent(referral -> {
                            assertThat(referral.sourceType()).contains("ad");
                            assertThat(referral.sourceId()).contains("120226305854810726");
                            assertThat(referral.clickId().orElseThrow()).startsWith("Aff-n8ZTODiE");
                        });
                media(written, message.path(type));
            }
            case Edit edit -> {
                assertThat(seen.kind()).endsWith(".edit");
                assertThat(edit.originalWaMessageId())
                        .isEqualTo(message.at("/edit/original_message_id").asText());
                assertThat(edit.fromCustomer()).isTrue();
                from(edit.customer(), message, contact);
            }
            case Revoke revoke -> {
                assertThat(seen.kind()).endsWith(".revoke");
                assertThat(revoke.originalWaMessageId())
                        .isEqualTo(message.at("/revoke/original_message_id").asText());
                from(revoke.customer(), message, contact);
            }
            case CustomerChanged changed -> {
                assertThat(seen.kind())
                        .endsWith(
                                changed.change() == CustomerChanged.Change.NUMBER
                                        ? "user_changed_number"
                                        : "user_changed_user_id");
                from(changed.before(), message, contact);
                assertThat(changed.after().phone())
                        .contains(PhoneNumber.ofWaId(message.at("/system/wa_id").asText()));
                assertThat(changed.after().userId()).isEqualTo(id(message.at("/system/user_id")));
                assertThat(changed.after().parentUserId())
                        .isEqualTo(id(message.at("/system/parent_user_id")));
                assertThat(changed.contentJson()).contains(message.at("/system/body").asText());
            }
            default -> throw new AssertionError(signal);
        }
    }

    private static Optional<String> id(JsonNode node) {
        return Optional.of(node.asText()).filter(text -> !text.isEmpty());
    }

    private static void from(Person customer, JsonNode message, JsonNode contact) {
        var from = message.path("from").asText();
        if (from.matches("\\d+")) {
            assertThat(customer.phone()).contains(PhoneNumber.ofWaId(from));
        } else {
            assertThat(customer.phone()).isEmpty();
            assertThat(customer.userId()).contains(message.path("from_user_id").asText(from));
        }
        assertThat(customer.parentUserId())
                .isEqualTo(
                        id(message.path("from_parent_user_id"))
                                .or(() -> id(contact.path("parent_user_id"))));
        // Some were made up with a contact that nobody else in them knows.
        if (contact.path("wa_id").asText().equals(from)
                || contact.path("parent_user_id")
                        .asText("-")
                        .equals(message.path("from_parent_user_id").asText())) {
            assertThat(customer.name()).contains(contact.at("/profile/name").asText());
        }
        if (contact.at("/profile/username").isTextual()) {
            assertThat(customer.username())
                    .contains(contact.at("/profile/username").asText().replace("@", ""));
        }
    }

    private static void media(Message written, JsonNode media) {
        var isFile =
                Set.of("image", "audio", "video", "document", "sticker").contains(written.type());
        assertThat(written.media().isPresent()).isEqualTo(isFile);
        written.media()
                .ifPresent(file -> {
                    assertThat(file.id()).isEqualTo(media.path("id").asText());
                    assertThat(file.mimeType()).contains(media.path("mime_type").asText());
                    assertThat(file.sha256()).contains(media.path("sha256").asText());
                    assertThat(file.url()).isEqualTo(id(media.path("url")));
                    assertThat(file.filename()).isEqualTo(id(media.path("filename")));
                    assertThat(file.voice()).isEqualTo(media.path("voice").booleanValue());
                    assertThat(file.animated()).isEqualTo(media.path("animated").booleanValue());
                });
    }

    private static void statuses(Seen seen) {
        assertThat(seen.signals()).hasSize(seen.at("/statuses").size()).isNotEmpty();
        for (int n = 0; n < seen.signals().size(); n++) {
            var status = seen.at("/statuses/" + n);
            var update = (StatusUpdate) seen.signals().get(n);
            assertThat(seen.kind()).contains("status." + status.path("status").asText());
            assertThat(update.status().name().toLowerCase(Locale.ROOT))
                    .isEqualTo(status.path("status").asText());
            assertThat(update.waMessageId()).isEqualTo(status.path("id").asText());
            assertThat(update.at())
                    .isEqualTo(Instant.ofEpochSecond(status.path("timestamp").asLong()));
            recipient(update.recipient(), status, seen.at("/contacts/0"));
            assertThat(update.pricing().isPresent()).isEqualTo(status.has("pricing"));
            update.pricing()
                    .ifPresent(pricing -> {
                        assertThat(pricing.billable()).contains(true);
                        assertThat(pricing.model())
                                .contains(status.at("/pricing/pricing_model").asText());
                        assertThat(pricing.type()).isEqualTo(id(status.at("/pricing/type")));
                        assertThat(pricing.category())
                                .contains(status.at("/pricing/category").asText());
                    });
            assertThat(update.conversation().isPresent()).isEqualTo(status.has("conversation"));
            update.conversation()
                    .ifPresent(conversation -> {
                        assertThat(conversation.id())
                                .contains(status.at("/conversation/id").asText());
                        assertThat(conversation.origin())
                                .contains(status.at("/conversation/origin/type").asText());
                        assertThat(conversation.expiresAt().map(Instant::getEpochSecond).orElse(0L))
                                .isEqualTo(
                                        status.at("/conversation/expiration_timestamp").asLong());
                    });
            var error = status.at("/errors/0");
            assertThat(update.error().isPresent()).isEqualTo(error.isObject());
            update.error()
                    .ifPresent(one -> {
                        assertThat(one.code()).isEqualTo(error.path("code").asText());
                        assertThat(one.title()).contains(error.path("title").asText());
                        assertThat(one.details()).isEqualTo(id(error.at("/error_data/details")));
                    });
            assertThat(update.windowClosed()).isEqualTo(error.path("code").asInt() == 131_047);
        }
    }

    private static void recipient(Person recipient, JsonNode status, JsonNode contact) {
        var id = status.path("recipient_id").asText();
        if (id.matches("\\d+")) {
            assertThat(recipient.phone()).contains(PhoneNumber.ofWaId(id));
        } else {
            assertThat(recipient.phone()).isEmpty();
            assertThat(recipient.userId()).contains(status.path("recipient_user_id").asText(id));
        }
        id(contact.path("user_id"))
                .ifPresent(user -> assertThat(recipient.userId()).contains(user));
        assertThat(recipient.parentUserId()).isEqualTo(id(contact.path("parent_user_id")));
        assertThat(recipient.name()).isEqualTo(id(contact.at("/profile/name")));
    }

    private static void errors(Seen seen) {
        var error = seen.fact(NumberError.class).error();
        assertThat(error.code()).isEqualTo(seen.text("/errors/0/code"));
        assertThat(error.title()).contains(seen.text("/errors/0/title"));
        assertThat(error.details()).contains(seen.text("/errors/0/error_data/details"));
    }

    private static void echoes(Seen seen) {
        assertThat(seen.signals()).hasSize(seen.at("/message_echoes").size()).isNotEmpty();
        for (int n = 0; n < seen.signals().size(); n++) {
            var echo = seen.at("/message_echoes/" + n);
            var message = (Message) seen.signals().get(n);
            assertThat(message.source()).isEqualTo(Source.ECHO);
            assertThat(message.fromCustomer()).isFalse();
            assertThat(message.opensWindow()).isFalse();
            assertThat(message.customer().phone())
                    .isEqualTo(id(echo.path("to")).map(PhoneNumber::ofWaId));
            assertThat(message.customer().userId()).isEqualTo(id(echo.path("to_user_id")));
            assertThat(message.customer().parentUserId())
                    .isEqualTo(id(echo.path("to_parent_user_id")));
            assertThat(message.customer().username())
                    .isEqualTo(id(seen.at("/contacts/0/profile/username")));
            assertThat(message.at())
                    .isEqualTo(Instant.ofEpochSecond(echo.path("timestamp").asLong()));
        }
    }

    private static void history(Seen seen) {
        var messages =
                seen.signals().stream()
                        .filter(Message.class::isInstance)
                        .map(Message.class::cast)
                        .toList();
        assertThat(messages)
                .allSatisfy(message -> {
                    assertThat(message.source()).isEqualTo(Source.HISTORY);
                    assertThat(message.opensWindow()).isFalse();
                });
        if (seen.kind().endsWith("declined")) {
            assertThat(seen.fact(HistoryRefused.class).error().code()).isEqualTo("2593109");
        } else if (seen.value().has("messages")) {
            assertThat(messages).hasSize(1);
            assertThat(messages.getFirst().media().orElseThrow().id())
                    .isEqualTo(seen.text("/messages/0/image/id"));
            assertThat(messages.getFirst().fromCustomer()).isTrue();
        } else {
            assertThat(messages)
                    .extracting(message -> message.customer().phone().orElseThrow().e164())
                    .containsExactly(
                            "+16505551234", "+16505551234", "+16505551234", "+12125557890");
            assertThat(messages)
                    .extracting(Message::fromCustomer)
                    .containsExactly(false, false, true, false);
            assertThat(messages)
                    .extracting(Message::reported)
                    .containsExactly(
                            Optional.of(InboundSignal.Status.READ),
                            Optional.of(InboundSignal.Status.PLAYED),
                            Optional.empty(),
                            Optional.of(InboundSignal.Status.DELIVERED));
            assertThat(messages)
                    .extracting(Message::type)
                    .containsExactly("text", "media_placeholder", "text", "text");
            assertThat(((News) seen.signals().getLast()).fact())
                    .isEqualTo(new HistoryProgress(0, 1, 55));
            assertThat(seen.signals()).hasSize(5);
        }
    }

    private static void contacts(Seen seen) {
        assertThat(seen.signals())
                .containsExactly(
                        new AppContact(
                                new Person(
                                        Optional.of(new PhoneNumber("+16505551234")),
                                        Optional.empty(),
                                        Optional.empty(),
                                        Optional.of("Pablo Morales"),
                                        Optional.empty()),
                                false,
                                Optional.of("Pablo"),
                                Instant.ofEpochSecond(1_739_321_024)));
    }

    private static void preferences(Seen seen) {
        var preference = (Preference) seen.signals().getFirst();
        var told = seen.at("/user_preferences/0");
        assertThat(seen.signals()).hasSize(1);
        assertThat(preference.person().phone())
                .isEqualTo(id(told.path("wa_id")).map(PhoneNumber::ofWaId));
        assertThat(preference.person().userId()).isEqualTo(id(told.path("user_id")));
        assertThat(preference.person().parentUserId()).isEqualTo(id(told.path("parent_user_id")));
        assertThat(preference.category()).isEqualTo("marketing_messages");
        assertThat(seen.kind()).contains("." + preference.value());
        assertThat(preference.detail()).contains(told.path("detail").asText());
        assertThat(preference.at())
                .isEqualTo(Instant.ofEpochSecond(told.path("timestamp").asLong()));
    }

    // --- accounts, numbers and templates

    private static void accountUpdate(Seen seen, String event) {
        var update = seen.fact(AccountUpdate.class);
        assertThat(update.event()).isEqualTo(event);
        assertThat(update.partnerAppId()).isEqualTo(id(seen.at("/waba_info/partner_app_id")));
        assertThat(update.banState()).isEqualTo(id(seen.at("/ban_info/waba_ban_state")));
        assertThat(update.banDate()).isEqualTo(id(seen.at("/ban_info/waba_ban_date")));
        assertThat(update.violation()).isEqualTo(id(seen.at("/violation_info/violation_type")));
        assertThat(update.restrictions()).hasSize(seen.at("/restriction_info").size());
        for (int n = 0; n < update.restrictions().size(); n++) {
            var told = seen.at("/restriction_info/" + n);
            var restriction = update.restrictions().get(n);
            assertThat(restriction.type()).isEqualTo(told.path("restriction_type").asText());
            assertThat(restriction.until().map(Instant::getEpochSecond).orElse(0L))
                    .isEqualTo(told.path("expiration").asLong());
        }
    }

    private static void alert(Seen seen) {
        assertThat(seen.fact(AccountAlert.class))
                .isEqualTo(
                        new AccountAlert(
                                "INCREASED_CAPABILITIES_ELIGIBILITY_DEFERRED",
                                Optional.of("WARNING"),
                                Optional.of("ACTIVE"),
                                Optional.of(seen.text("/alert_info/alert_description")),
                                Optional.of("BUSINESS"),
                                Optional.of("506914307656634")));
    }

    private static Template template(JsonNode value) {
        return new Template(
                value.path("message_template_id").asText(),
                value.path("message_template_name").asText(),
                value.path("message_template_language").asText().replace("en-US", "en_US"),
                id(value.path("message_template_category")));
    }

    private static void template(Seen seen) {
        if (seen.value().has("new_quality_score")) {
            assertThat(seen.fact(TemplateQuality.class))
                    .isEqualTo(
                            new TemplateQuality(
                                    template(seen.value()), Optional.of("GREEN"), "YELLOW"));
            return;
        }
        var status = seen.fact(TemplateStatus.class);
        assertThat(status.template()).isEqualTo(template(seen.value()));
        assertThat(seen.kind()).endsWith("." + status.event());
        assertThat(status.reason())
                .isEqualTo(
                        seen.at("/reason").isTextual()
                                ? id(seen.at("/reason")).filter(reason -> !reason.equals("NONE"))
                                : Optional.empty());
        assertThat(status.description()).isEqualTo(id(seen.at("/rejection_info/reason")));
    }

    private static void category(Seen seen) {
        boolean announced = seen.value().has("correct_category");
        assertThat(seen.fact(TemplateCategory.class))
                .isEqualTo(
                        new TemplateCategory(
                                template(seen.value()),
                                announced ? Optional.empty() : Optional.of("UTILITY"),
                                announced ? "UTILITY" : "MARKETING",
                                announced ? Optional.of("MARKETING") : Optional.empty(),
                                announced
                                        ? Optional.of(Instant.ofEpochSecond(1_746_169_200))
                                        : Optional.empty()));
    }
}
