package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.AccountFact;
import dev.gesher.whatsapp.InboundSignal;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What counters call what webhooks told: nothing that somebody sent becomes a name. */
class SignalTypesTest {
    private static InboundSignal message(String type) {
        return new InboundSignal.Message(
                "wamid.1",
                InboundSignal.Person.of(Optional.empty(), Optional.of("IL.1")),
                Instant.EPOCH,
                InboundSignal.Source.LIVE,
                true,
                type,
                "{}",
                Optional.empty(),
                Optional.empty(),
                true,
                Optional.empty(),
                Optional.empty());
    }

    @Test
    void a_message_goes_by_its_type_if_that_is_known() {
        assertThat(SignalTypes.of(message("interactive"))).isEqualTo("interactive");
        assertThat(SignalTypes.of(message("972501234567"))).isEqualTo("other");
    }

    @Test
    void news_go_by_what_happened() {
        var review = new AccountFact.AccountReview("APPROVED");

        assertThat(SignalTypes.of(new InboundSignal.News("1", Instant.EPOCH, "1", review, "{}")))
                .isEqualTo("account_review");
    }
}
