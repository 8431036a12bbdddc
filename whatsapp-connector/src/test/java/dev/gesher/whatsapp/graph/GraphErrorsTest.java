package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.gesher.whatsapp.ConnectionCause;
import dev.gesher.whatsapp.SendResult;
import dev.gesher.whatsapp.SendResult.Scope;
import java.time.Duration;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvFileSource;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class GraphErrorsTest {
    /** The codes of Meta's page with their retry column: N, B, T, W, F, ? as in our reference. */
    @ParameterizedTest
    @CsvFileSource(resources = "error-codes.csv", numLinesToSkip = 1)
    void every_code_that_meta_documents_is_sorted(int from, int to, String retry, String effect) {
        for (int code = from; code <= to; code++) {
            var entry = GraphErrors.find(code).orElseThrow();
            var expected =
                    effect != null
                            ? GraphErrors.Kind.PARKS
                            : switch (retry) {
                                case "B" -> GraphErrors.Kind.RETRY_LATER;
                                case "W" -> GraphErrors.Kind.WINDOW_CLOSED;
                                case "?" -> GraphErrors.Kind.AMBIGUOUS;
                                case "N", "F" -> GraphErrors.Kind.REFUSED;
                                default -> throw new IllegalArgumentException(retry);
                            };
            assertThat(entry.kind()).as("code %d", code).isEqualTo(expected);
            assertThat(entry.cause().map(ConnectionCause::name))
                    .isEqualTo(Optional.ofNullable(effect));
            assertThat(entry.scope().isPresent())
                    .isEqualTo(expected == GraphErrors.Kind.RETRY_LATER);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {-1, 5, 199, 300, 131046, 131216, 133017, 999_999, Integer.MAX_VALUE})
    void a_code_beside_or_between_the_known_ones_is_not_known(int code) {
        assertThat(GraphErrors.find(code)).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"130429, NUMBER", "131057, NUMBER", "131056, PAIR", "80007, ACCOUNT", "4, ACCOUNT"})
    void a_limit_says_what_should_slow_down(int code, Scope scope) {
        assertThat(refused(400, code))
                .isInstanceOfSatisfying(
                        SendResult.RetryLater.class,
                        result -> assertThat(result.scope()).isEqualTo(scope));
    }

    @Test
    void the_window_is_closed_by_one_code_only() {
        assertThat(refused(400, 131047))
                .isEqualTo(new SendResult.WindowClosed("131047", Optional.of("trace")));
        assertThat(GraphErrors.isWindowClosed(131047)).isTrue();
        assertThat(GraphErrors.isWindowClosed(131048)).isFalse();
    }

    @Test
    void a_broken_connection_parks_the_lane_with_its_cause() {
        assertThat(refused(401, 190))
                .isEqualTo(
                        new SendResult.LaneParked(
                                "190", ConnectionCause.TOKEN_INVALID, Optional.of("trace")));
        // Documented with a 500, and yet certain.
        assertThat(refused(500, 3)).isInstanceOf(SendResult.LaneParked.class);
        assertThat(refused(500, 131045)).isInstanceOf(SendResult.LaneParked.class);
    }

    @Test
    void an_unknown_code_is_a_refusal_below_500_and_unknown_above() {
        assertThat(refused(400, 987_654))
                .isEqualTo(new SendResult.Refused("987654", Optional.of("trace")));
        assertThat(refused(500, 987_654))
                .isEqualTo(new SendResult.Unknown("987654", Optional.of("trace")));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 131000, 131016})
    void what_meta_itself_does_not_know_is_unknown_even_as_a_400(int code) {
        assertThat(refused(400, code)).isInstanceOf(SendResult.Unknown.class);
    }

    @Test
    void a_send_is_not_repeated_because_an_error_calls_itself_transient() {
        var error = new GraphError(131000, 0, true, Optional.empty());
        assertThat(SendResults.of(new GraphReply.Refusal(500, error, Optional.empty())))
                .isInstanceOf(SendResult.Unknown.class);
    }

    @Test
    void an_error_in_a_200_is_an_error() {
        assertThat(refused(200, 131026)).isInstanceOf(SendResult.Refused.class);
    }

    @Test
    void metas_wait_is_preferred_to_the_catalogues() {
        assertThat(refused(400, 133015))
                .isInstanceOfSatisfying(
                        SendResult.RetryLater.class,
                        result -> assertThat(result.after()).contains(Duration.ofMinutes(5)));
        var error = new GraphError(133015, 0, false, Optional.empty());
        var reply = new GraphReply.Refusal(400, error, Optional.of(Duration.ofMinutes(2)));
        assertThat(SendResults.of(reply))
                .isInstanceOfSatisfying(
                        SendResult.RetryLater.class,
                        result -> assertThat(result.after()).contains(Duration.ofMinutes(2)));
    }

    @Test
    void an_answer_that_is_no_error_object_is_sorted_by_what_is_certain() {
        assertThat(SendResults.of(new GraphReply.Strange(429)))
                .isInstanceOf(SendResult.RetryLater.class);
        assertThat(SendResults.of(new GraphReply.Strange(404)))
                .isEqualTo(new SendResult.Refused("http_404", Optional.empty()));
        assertThat(SendResults.of(new GraphReply.Strange(408)))
                .isInstanceOf(SendResult.Unknown.class);
        assertThat(SendResults.of(new GraphReply.Strange(503)))
                .isInstanceOf(SendResult.Unknown.class);
    }

    @ParameterizedTest
    @CsvSource({
        "accepted, false",
        "held_for_quality_assessment, true",
        "paused, true",
        "something_new, false"
    })
    void a_message_may_be_held_first(String status, boolean held) throws Exception {
        var body =
                json(
                        "{\"contacts\":[{\"user_id\":\"IL.1\"}],\"messages\":[{\"id\":\"wamid.2\",\"message_status\":\""
                                + status
                                + "\"}]}");
        assertThat(SendResults.of(new GraphReply.Success(body)))
                .isEqualTo(new SendResult.Accepted("wamid.2", null, "IL.1", held));
    }

    @Test
    void a_template_error_is_found_in_the_subcode() throws Exception {
        var error =
                GraphError.in(json("{\"error\":{\"code\":100,\"error_subcode\":2388299}}"))
                        .orElseThrow();
        assertThat(error.entry().orElseThrow().from()).isEqualTo(2388299);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "{}",
                "{\"error\":\"no\"}",
                "{\"error\":{}}",
                "{\"error\":{\"code\":\"x\"}}",
                "{\"error\":{\"code\":99999999999}}"
            })
    void a_body_without_a_code_is_no_error_of_graphs(String body) throws Exception {
        assertThat(GraphError.in(json(body))).isEmpty();
    }

    private static SendResult refused(int status, int code) {
        var error = new GraphError(code, 0, false, Optional.of("trace"));
        return SendResults.of(new GraphReply.Refusal(status, error, Optional.empty()));
    }

    private static JsonNode json(String text) throws Exception {
        return GraphHttp.JSON.readTree(text);
    }
}
