package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.webhook.Bindings.Binding;
import dev.gesher.whatsapp.webhook.Bodies.Split;
import dev.gesher.whatsapp.webhook.ChangeRows.Change;
import dev.gesher.whatsapp.webhook.ChangeRows.State;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** Payloads that others have seen, read where they lie beside the project. */
class SharedPayloadsTest {
    private static final Path PAYLOADS = Path.of("..", "..", "shared", "payloads");
    private static final Instant RECEIVED = Instant.parse("2026-09-22T10:00:00Z");

    @Test
    void every_webhook_goes_through() throws IOException {
        // Nobody else has the folder; a build that proves something must.
        assumeTrue(Files.exists(PAYLOADS) || System.getenv("CI") != null);
        int webhooks = 0;
        int signals = 0;
        for (var line : Files.readAllLines(PAYLOADS.resolve("MANIFEST.tsv"))) {
            var columns = List.of(line.split("\t", -1));
            if (columns.get(2).startsWith("webhook.")) {
                signals += goesThrough(columns.get(0));
                webhooks++;
            }
        }
        assertThat(webhooks).isGreaterThan(100);
        assertThat(signals).isGreaterThan(70);
    }

    private static int goesThrough(String file) throws IOException {
        var split = Bodies.split(Files.readAllBytes(PAYLOADS.resolve(file)));
        assertThat(split).as(file).isInstanceOf(Split.Changes.class);
        int signals = 0;
        for (var change : ((Split.Changes) split).changes()) {
            assertThat(change.field()).as(file).isNotEqualTo("unknown");
            var number = String.valueOf(change.phoneNumberId());
            var held =
                    new Binding(
                            new TenantId(new java.util.UUID(1, 1)), number, Instant.EPOCH, null);
            var plan =
                    Plans.plan(
                            new Change(
                                    1,
                                    change.ordinal(),
                                    change.bucket(),
                                    change.phoneNumberId(),
                                    change.wabaId(),
                                    change.field(),
                                    RECEIVED,
                                    KeyDay.of(RECEIVED),
                                    change.payload(),
                                    "corr"),
                            change.payload(),
                            new Bindings(
                                    Map.of(number, List.of(held)),
                                    Map.of(String.valueOf(change.wabaId()), List.of(held))),
                            DisplayNumbers.NONE);
            assertThat(plan.settled().state())
                    .as("%s: %s", file, plan.settled().error())
                    .isEqualTo(State.APPLIED);
            signals += plan.received().size();
            if (change.field().equals("messages")) {
                assertThat(plan.received().size() + leftOut(plan))
                        .as(file)
                        .isEqualTo(pieces(change));
            }
        }
        return signals;
    }

    /** What is left out on purpose: of groups, and legacy statuses. */
    private static int leftOut(Plans.Plan plan) {
        return (int)
                plan.counts().stream()
                        .filter(
                                Set.of(
                                                "ignored.group_message",
                                                "ignored.group_status",
                                                "ignored.status")
                                        ::contains)
                        .count();
    }

    private static int pieces(Bodies.Change change) {
        var value = Json.read(change.payload()).orElseThrow().at("/change/value");
        return value.path("messages").size()
                + value.path("statuses").size()
                + value.path("errors").size();
    }
}
