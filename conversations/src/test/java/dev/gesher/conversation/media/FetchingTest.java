package dev.gesher.conversation.media;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.Events.Event;
import dev.gesher.conversation.MediaFiles;
import dev.gesher.conversation.MediaFiles.Found;
import dev.gesher.conversation.MediaId;
import dev.gesher.conversation.MediaView;
import dev.gesher.conversation.MediaView.State;
import dev.gesher.conversation.MessageView;
import dev.gesher.conversation.RunningGesher;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.simulator.control.Inbound;
import dev.gesher.simulator.world.FaultRule.Drop;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.tenant.TenantDeletions;
import dev.gesher.tenant.TenantId;
import dev.gesher.tenant.db.TenantScope;
import dev.gesher.tenant.db.Timers;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestInstance.Lifecycle;
import org.junit.jupiter.api.io.TempDir;

/** From a customer's message to a file in the content storage, whatever happens on the way. */
@GesherDatabase
@TestInstance(Lifecycle.PER_CLASS)
class FetchingTest {
    private static final byte[] SECRET = "תמונה סודית, לא לפרסום".getBytes(StandardCharsets.UTF_8);

    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    @TempDir private static Path folder;
    private TestDatabase database;
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;

    @BeforeAll
    void start(TestDatabase fresh) throws Exception {
        database = fresh;
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = start(Map.of());
    }

    private RunningGesher start(Map<String, Object> more) {
        var properties = new java.util.HashMap<String, Object>(more);
        properties.put("gesher.media.dir", folder.toString());
        return RunningGesher.start(database, clock, simulator, properties);
    }

    @AfterAll
    void stop() {
        gesher.close();
        simulator.close();
    }

    @BeforeEach
    void connect() {
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
    }

    @AfterEach
    void noFaults() {
        simulator.control().clearFaults();
        gesher.asAdministrator("DELETE FROM timers");
    }

    // --- a customer who sends something

    /** A customer sends a file; Meta tells of it and keeps it. */
    private MediaId sent(String type, String more) {
        var content = JsonNodeFactory.instance.objectNode().put("type", type);
        content.set(type, RunningGesher.json("{" + more + "}"));
        return arrives(type, content);
    }

    private static String data(byte[] bytes) {
        return "\"data\":\"" + Base64.getEncoder().encodeToString(bytes) + "\"";
    }

    private MediaId arrives(String type, ObjectNode content) {
        var control = simulator.control();
        var message =
                control.customerWrites(
                        Inbound.of(number.phoneNumberId(), RunningGesher.CUSTOMER, content));
        var media = message.content().path(type);
        gesher.receive(
                tenant,
                number.phoneNumberId(),
                new InboundSignal.Message(
                        message.wamid(),
                        InboundSignal.Person.of(
                                Optional.of(
                                        new dev.gesher.whatsapp.PhoneNumber(
                                                RunningGesher.CUSTOMER)),
                                Optional.empty()),
                        clock.instant(),
                        InboundSignal.Source.LIVE,
                        true,
                        type,
                        message.content().toString(),
                        Optional.of(
                                new InboundSignal.Media(
                                        media.path("id").asText(),
                                        text(media, "mime_type"),
                                        text(media, "sha256"),
                                        text(media, "url"),
                                        text(media, "filename"),
                                        false,
                                        false)),
                        Optional.empty(),
                        true,
                        Optional.empty(),
                        Optional.empty()));
        return view(message.wamid()).id();
    }

    private static Optional<String> text(JsonNode node, String name) {
        return Optional.ofNullable(node.path(name).textValue());
    }

    private List<MessageView> messages() {
        var conversation =
                gesher.conversations().list(tenant, Optional.empty(), 1).data().getFirst();
        return gesher.conversations()
                .messages(tenant, conversation.id(), Optional.empty(), 100)
                .orElseThrow()
                .data();
    }

    private MediaView view(String wamid) {
        return messages().stream()
                .filter(message -> message.waMessageId().equals(Optional.of(wamid)))
                .findFirst()
                .flatMap(MessageView::media)
                .orElseThrow();
    }

    // --- what became of it

    private MediaView view(MediaId id) {
        var found =
                messages().stream()
                        .flatMap(message -> message.media().stream())
                        .filter(media -> media.id().equals(id))
                        .findFirst()
                        .orElseThrow();
        var opened = files().find(tenant, id).orElseThrow();
        assertThat(opened.view()).isEqualTo(found);
        return found;
    }

    private MediaFiles files() {
        return gesher.bean(MediaFiles.class);
    }

    private byte[] content(MediaId id) throws IOException {
        var stored = (Found.Stored) files().find(tenant, id).orElseThrow();
        try (var content = stored.content().open()) {
            return content.readAllBytes();
        }
    }

    private List<Event> events(String type) {
        return gesher.events(tenant).stream().filter(it -> it.type().equals(type)).toList();
    }

    private List<Path> filesIn(String name) throws IOException {
        try (Stream<Path> all = Files.walk(folder.resolve(name))) {
            return all.filter(Files::isRegularFile).toList();
        }
    }

    private List<Path> objects() throws IOException {
        var mine = folder.resolve("objects").resolve(tenant.toString());
        return Files.exists(mine) ? filesIn("objects/" + tenant) : List.of();
    }

    private List<Timers.Due> take() {
        var now = clock.instant();
        return gesher.bean(TenantScope.class)
                .platform(tx ->
                        gesher.bean(Timers.class)
                                .take(
                                        tx,
                                        MediaFetcher.TIMER,
                                        now,
                                        now.plusSeconds(120),
                                        100,
                                        100,
                                        List.of()));
    }

    /** One try at all that is due. */
    private void fetch() {
        take().forEach(due ->
                gesher.bean(MediaFetcher.class).fetch(due.tenant(), new MediaId(due.object())));
    }

    /** Tries again when it is due, so often. */
    private void fetchLater(MediaId id, int times) {
        for (int n = 0; n < times; n++) {
            clock.set(view(id).nextTryAt().orElseThrow());
            fetch();
        }
    }

    @Test
    void a_file_is_fetched_at_once_and_nobody_else_can_read_it() throws IOException {
        var id = sent("image", data(SECRET) + ",\"mime_type\":\"text/plain\"");
        assertThat(view(id).state()).isEqualTo(State.PENDING);
        var received = RunningGesher.json(events("message.received").getLast().dataJson());
        assertThat(received.at("/media/media_id").asText()).isEqualTo(id.toString());
        assertThat(received.at("/media/state").asText()).isEqualTo("pending");

        try (var replica = start(Map.of())) {
            replica.with("media-fetcher");
            await().until(() -> view(id).state() == State.STORED);
        }

        assertThat(content(id)).isEqualTo(SECRET);
        var view = view(id);
        assertThat(view.bytes()).contains((long) SECRET.length);
        assertThat(view.typeMismatch()).isFalse();
        var told = RunningGesher.json(events("media.stored").getFirst().dataJson());
        assertThat(told.path("media_id").asText()).isEqualTo(id.toString());
        assertThat(told.path("state").asText()).isEqualTo("stored");
        assertThat(told.path("message_id").asText()).isEqualTo(view.message().toString());
        assertThat(events("media.stored").getFirst().conversation()).isPresent();
        assertThat(objects()).hasSize(1);
        var kept = new String(Files.readAllBytes(objects().getFirst()), StandardCharsets.UTF_8);
        assertThat(kept).doesNotContain("סודית");
        assertThat(filesIn("incoming")).isEmpty();
        assertThat(gesher.count("SELECT count(*) FROM timers WHERE kind = 'media.fetch'")).isZero();
        assertThat(files().find(gesher.newTenant(), id)).as("another tenant's").isEmpty();
    }

    @Test
    void what_the_webhook_told_spares_a_question_and_what_it_left_out_is_asked() {
        var calls = simulator.control().callCount();
        sent("image", data(SECRET));
        fetch();
        assertThat(simulator.control().callCount() - calls).isEqualTo(1);

        simulator.control().changeQuirks("{\"media_url\":false}");
        try {
            var id = sent("image", data(SECRET));
            fetch();
            assertThat(view(id).state()).isEqualTo(State.STORED);
            assertThat(simulator.control().callCount() - calls).isEqualTo(3);
        } finally {
            simulator.control().changeQuirks("{\"media_url\":true}");
        }
    }

    @Test
    void an_address_that_ran_out_is_resolved_anew() throws IOException {
        var id = sent("image", data(SECRET));
        clock.advance(Duration.ofMinutes(6));

        fetch();

        assertThat(content(id)).isEqualTo(SECRET);
    }

    @Test
    void it_is_tried_again_and_again_until_it_comes() throws IOException {
        var id = sent("document", data(SECRET) + ",\"filename\":\"חוזה.pdf\"");
        var meta = simulator.control();
        meta.addFault(Match.any().path("GET /media/").times(2), Effect.httpError(404));
        fetch();
        assertThat(view(id).lastError()).contains("http_404");
        fetch();
        assertThat(view(id).state()).as("before it is due").isEqualTo(State.PENDING);

        meta.addFault(Match.any().path("GET /media/").times(1), Effect.drop(Drop.MIDWAY));
        fetchLater(id, 1);
        assertThat(view(id).lastError()).contains("broken_off");
        meta.addFault(Match.any().path("GET /v21.0/\\d+$").times(1), Effect.refuse(80007));
        fetchLater(id, 1);
        assertThat(view(id).lastError()).contains("80007");
        meta.addFault(
                Match.any().path("GET /media/").times(1), Effect.redirect("https://a.example/x"));
        fetchLater(id, 1);
        assertThat(view(id).lastError()).contains("foreign_host");
        meta.addFault(Match.any().path("GET /media/").times(1), Effect.delay(2_500));
        fetchLater(id, 1);
        assertThat(view(id).lastError()).contains("timeout");
        fetchLater(id, 1);

        assertThat(content(id)).isEqualTo(SECRET);
        assertThat(view(id).filename()).contains("חוזה.pdf");
        assertThat(view(id).lastError()).isEmpty();
        assertThat(filesIn("incoming")).isEmpty();
        assertThat(events("media.stored")).hasSize(1);
    }

    @Test
    void a_wrong_hash_is_never_kept() throws IOException {
        var id = sent("image", data(SECRET) + ",\"sha256\":\"" + "A".repeat(43) + "=\"");
        fetch();
        assertThat(view(id).lastError()).contains("hash_mismatch");
        fetchLater(id, 4);

        assertThat(view(id).state()).isEqualTo(State.FAILED);
        assertThat(view(id).cause()).contains("hash_mismatch");
        assertThat(objects()).isEmpty();
        assertThat(filesIn("incoming")).isEmpty();
        var told = RunningGesher.json(events("media.failed").getFirst().dataJson());
        assertThat(told.path("cause").asText()).isEqualTo("hash_mismatch");
        assertThat(files().find(tenant, id))
                .hasValueSatisfying(it -> assertThat(it).isInstanceOf(Found.Absent.class));
    }

    @Test
    void what_does_not_come_in_seven_days_has_failed() {
        var id = sent("image", data(SECRET));
        simulator.control().addFault(Match.any().path("GET /"), Effect.httpError(503));
        var until = clock.instant().plus(Duration.ofDays(7));
        int tries = 0;
        for (fetch(); view(id).state() == State.PENDING; tries++) {
            var next = view(id).nextTryAt().orElseThrow();
            assertThat(next).isAfter(clock.instant()).isBeforeOrEqualTo(until);
            clock.set(next);
            fetch();
        }

        assertThat(clock.instant()).isEqualTo(until);
        assertThat(tries).isBetween(30, 70);
        assertThat(view(id).cause()).contains("expired");
        assertThat(view(id).lastError()).contains("http_503");
        assertThat(events("media.failed")).hasSize(1);
        assertThat(gesher.count("SELECT count(*) FROM timers WHERE kind = 'media.fetch'")).isZero();
    }

    @Test
    void what_is_too_large_has_failed() {
        var id = sent("document", "\"size\":104857601");

        fetch();

        assertThat(view(id).cause()).contains("too_large");
    }

    @Test
    void who_is_refused_by_meta_gets_it_after_connecting_again() throws IOException {
        var id = sent("image", data(SECRET));
        simulator.control().revokeTokensOf(number.wabaId());
        fetch();
        assertThat(view(id).lastError()).contains("190");

        gesher.connect(tenant, simulator, number);
        fetchLater(id, 1);

        assertThat(content(id)).isEqualTo(SECRET);
    }

    @Test
    void a_type_that_is_not_what_it_is_said_to_be_is_shown() throws IOException {
        byte[] page = "<!DOCTYPE html><script>alert(1)</script>".getBytes(StandardCharsets.UTF_8);
        var id = sent("image", data(page) + ",\"mime_type\":\"image/jpeg\"");

        fetch();

        var stored = (Found.Stored) files().find(tenant, id).orElseThrow();
        stored.content().open().close();
        assertThat(stored.servedType()).isEqualTo("application/octet-stream");
        assertThat(stored.view().typeMismatch()).isTrue();
        assertThat(stored.view().mimeType()).contains("image/jpeg");
        assertThat(stored.view().detectedMimeType()).contains("text/html");
        assertThat(events("media.stored").getFirst().dataJson()).contains("\"type_mismatch\":true");
    }

    @Test
    void whoever_dies_over_a_file_is_followed_by_another() throws IOException {
        var id = sent("image", data(SECRET));
        assertThat(take()).hasSize(1); // and dies
        fetch();
        assertThat(view(id).state()).isEqualTo(State.PENDING);

        clock.advance(Duration.ofMinutes(2));
        fetch();

        assertThat(content(id)).isEqualTo(SECRET);
    }

    @Test
    void whoever_dies_between_the_storage_and_the_record_loses_nothing() throws IOException {
        var id = sent("image", data(SECRET));
        fetch();
        gesher.asAdministrator(
                """
                UPDATE media SET state = 'pending', stored_at = NULL, size_bytes = NULL,
                    detected_mime_type = NULL WHERE media_id = ?
                """,
                id.value());
        gesher.in(
                tenant,
                tx ->
                        gesher.bean(Timers.class)
                                .set(tx, MediaFetcher.TIMER, tenant, id.value(), clock.instant()));
        assertThat(view(id).state()).isEqualTo(State.PENDING);

        fetch();

        assertThat(content(id)).isEqualTo(SECRET);
        assertThat(objects()).hasSize(1);
    }

    @Test
    void two_who_fetch_the_same_file_leave_one() throws Exception {
        var id = sent("image", "\"size\":3000000,\"mime_type\":\"application/x-noise\"");
        simulator.control().addFault(Match.any().path("GET /media/"), Effect.delay(200));
        try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
            for (int n = 0; n < 3; n++) {
                threads.execute(() -> gesher.bean(MediaFetcher.class).fetch(tenant, id));
            }
        }

        assertThat(content(id)).hasSize(3_000_000);
        assertThat(objects()).hasSize(1);
        assertThat(events("media.stored")).hasSize(1);
        assertThat(filesIn("incoming")).isEmpty();
    }

    @Test
    void what_a_crash_left_half_is_nowhere_visible_and_swept() throws IOException {
        var half = folder.resolve("incoming/half");
        Files.write(half, SECRET);
        Files.setLastModifiedTime(
                half, FileTime.from(clock.instant().minus(Duration.ofMinutes(61))));
        var young = folder.resolve("incoming/young");
        Files.write(young, SECRET);
        Files.setLastModifiedTime(young, FileTime.from(clock.instant()));

        gesher.bean(Incoming.class).sweep();

        assertThat(half).doesNotExist();
        assertThat(young).exists();
        Files.delete(young);
    }

    @Test
    void a_file_that_was_tampered_with_is_not_given_out() throws IOException {
        var id = sent("image", data(SECRET));
        fetch();
        var kept = objects().getFirst();
        byte[] bytes = Files.readAllBytes(kept);
        bytes[bytes.length - 1] ^= 1;
        Files.write(kept, bytes);
        assertThatThrownBy(() -> content(id)).isInstanceOf(IOException.class);

        Files.delete(kept);
        assertThatThrownBy(() -> content(id))
                .isInstanceOf(MediaFiles.StorageUnavailableException.class);
    }

    @Test
    void a_deleted_tenants_files_go_too() throws IOException {
        var id = sent("image", data(SECRET));
        var late = sent("image", data(SECRET));
        gesher.bean(MediaFetcher.class).fetch(tenant, id);
        assertThat(objects()).hasSize(1);

        gesher.bean(TenantDeletions.class).delete(tenant, "operator");
        gesher.with("tenant-deletion");

        await().untilAsserted(() -> assertThat(objects()).isEmpty());
        gesher.bean(MediaFetcher.class).fetch(tenant, late);
        assertThat(objects()).isEmpty();
    }

    @Test
    void a_file_of_a_message_that_was_taken_back_goes_at_once() throws IOException {
        var id = sent("image", data(SECRET));
        var pending = sent("image", data(SECRET));
        gesher.bean(MediaFetcher.class).fetch(tenant, id);
        assertThat(objects()).hasSize(1);

        for (var each : List.of(id, pending)) {
            var message = view(each).message();
            gesher.in(tenant, tx -> gesher.bean(MediaArrivals.class).revoked(tx, tenant, message));
        }

        assertThat(files().find(tenant, id)).isEmpty();
        gesher.bean(MediaFetcher.class).fetch(tenant, pending);
        try (var replica = start(Map.of())) {
            replica.with("media-removal");
            await().untilAsserted(() -> assertThat(objects()).isEmpty());
        }
        assertThat(gesher.count("SELECT count(*) FROM timers WHERE kind LIKE 'media.%'")).isZero();
    }

    @Test
    void whoever_is_fetched_while_it_is_removed_stays_away() throws Exception {
        var id = sent("image", data(SECRET));
        var message = view(id).message();
        simulator.control().addFault(Match.any().path("GET /media/"), Effect.delay(500));
        var fetching =
                Thread.ofVirtual().start(() -> gesher.bean(MediaFetcher.class).fetch(tenant, id));
        await().until(() ->
                fetching.getState() == Thread.State.WAITING
                        || fetching.getState() == Thread.State.TIMED_WAITING);
        gesher.in(tenant, tx -> gesher.bean(MediaArrivals.class).revoked(tx, tenant, message));
        fetching.join();

        assertThat(objects()).isEmpty();
        assertThat(events("media.stored")).isEmpty();
    }

    @Test
    void old_files_go_with_their_keys_first() throws IOException {
        var old = sent("image", data(SECRET));
        fetch();
        clock.advance(Duration.ofDays(10));
        var young = sent("image", data(SECRET));
        fetch();
        assertThat(objects()).hasSize(2);

        gesher.in(
                tenant,
                tx ->
                        assertThat(
                                        gesher.bean(MediaRemoval.class)
                                                .old(
                                                        tx,
                                                        tenant,
                                                        clock.instant().minus(Duration.ofDays(5)),
                                                        100))
                                .isEqualTo(1));
        gesher.bean(MediaRemoval.class).round();

        assertThat(objects()).hasSize(1);
        assertThat(files().find(tenant, old)).isEmpty();
        assertThat(content(young)).isEqualTo(SECRET);
    }

    @Test
    void a_bucket_keeps_files_as_a_folder_does() throws Exception {
        try (var s3 = new S3Server();
                var other =
                        start(
                                Map.of(
                                        "gesher.media.s3-bucket", S3Server.BUCKET,
                                        "gesher.media.s3-endpoint", s3.uri().toString(),
                                        "gesher.media.s3-region", S3Server.REGION,
                                        "gesher.media.s3-access-key", S3Server.ACCESS_KEY,
                                        "gesher.media.s3-secret-key", S3Server.SECRET_KEY))) {
            var id = sent("image", data(SECRET));
            s3.away(true);
            other.bean(MediaFetcher.class).fetch(tenant, id);
            assertThat(view(id).lastError()).contains("storage");
            s3.away(false);
            other.bean(MediaFetcher.class).fetch(tenant, id);

            var stored = (Found.Stored) other.bean(MediaFiles.class).find(tenant, id).orElseThrow();
            try (var content = stored.content().open()) {
                assertThat(content.readAllBytes()).isEqualTo(SECRET);
            }
            assertThat(s3.objects()).hasSize(1);
            assertThat(s3.objects().keySet().iterator().next()).startsWith(tenant + "/");
            assertThat(new String(s3.objects().values().iterator().next(), StandardCharsets.UTF_8))
                    .doesNotContain("סודית");
            assertThat(filesIn("incoming")).isEmpty();
        }
    }
}
