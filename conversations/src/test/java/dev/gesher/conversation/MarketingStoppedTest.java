package dev.gesher.conversation;

import static dev.gesher.conversation.RunningGesher.CUSTOMER;
import static dev.gesher.conversation.RunningGesher.json;
import static dev.gesher.conversation.RunningGesher.template;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.gesher.conversation.RunningGesher.SimulatedNumber;
import dev.gesher.conversation.SendRequest.Routing;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.SimulatorOptions;
import dev.gesher.tenant.TenantId;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.InboundSignal.Preference;
import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.PhoneNumber;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Who told WhatsApp that they want no advertising gets none: asked before, accepted, or waiting.
 */
@GesherDatabase
class MarketingStoppedTest {
    private final SettableClock clock = SettableClock.at("2026-03-01T10:00:00Z");
    private GraphSimulator simulator;
    private RunningGesher gesher;
    private SimulatedNumber number;
    private TenantId tenant;

    @BeforeEach
    void start(TestDatabase database) throws Exception {
        simulator = GraphSimulator.start(SimulatorOptions.forTests().withClock(clock));
        gesher = RunningGesher.start(database, clock, simulator);
        number = SimulatedNumber.of(simulator, "+972 3-555-0101");
        tenant = gesher.connectedTenant(simulator, number);
        simulator
                .control()
                .putTemplate(
                        number.wabaId(),
                        (ObjectNode)
                                json(
                                        """
                                        {"name":"spring_sale","language":"he","category":"MARKETING",
                                         "parameter_format":"POSITIONAL","components":[{"type":"BODY","text":"מבצע!"}]}
                                        """));
    }

    @AfterEach
    void stop() {
        gesher.close();
        simulator.close();
    }

    private SendRequest sale(String to) {
        return RunningGesher.request(
                tenant,
                to,
                Optional.empty(),
                Optional.of(
                        new MessageContent.Template(
                                "spring_sale", Optional.empty(), List.of(), Optional.empty())),
                Routing.AUTO,
                Optional.empty());
    }

    private void says(String value, String phone) {
        gesher.receive(
                tenant,
                number.phoneNumberId(),
                new Preference(
                        Person.of(Optional.of(new PhoneNumber(phone)), Optional.empty()),
                        "marketing_messages",
                        value,
                        Optional.empty(),
                        Optional.empty(),
                        clock.instant()));
        clock.advance(java.time.Duration.ofSeconds(1));
    }

    private void isBlocked(String to) {
        var answer = gesher.messages().send(sale(to));
        assertThat(answer).isInstanceOf(SendAnswer.Blocked.class);
        assertThat(((SendAnswer.Blocked) answer).reasons())
                .containsExactly(Reason.MARKETING_STOPPED);
        assertThat(gesher.messages().precheck(sale(to)))
                .isEqualTo(
                        new Messages.Precheck.Decided(
                                new Decision.Blocked(List.of(Reason.MARKETING_STOPPED))));
    }

    @Test
    void advertising_is_blocked_until_they_want_it_again_and_nothing_else_is() {
        gesher.accepted(sale(CUSTOMER));

        says("stop", CUSTOMER);
        isBlocked(CUSTOMER);
        gesher.accepted(template(tenant, CUSTOMER));

        says("resume", CUSTOMER);
        gesher.accepted(sale(CUSTOMER));
    }

    @Test
    void who_never_wrote_is_known_by_their_word() {
        says("stop", CUSTOMER);

        isBlocked(CUSTOMER);
    }

    @Test
    void a_number_that_may_be_theirs_gets_none_either() {
        says("stop", "+972599123456");

        isBlocked("+970599123456");
        assertThat(Reason.MARKETING_STOPPED.code()).isEqualTo("marketing_stopped");
    }

    @Test
    void what_waits_is_judged_again_before_it_goes() {
        var waiting = gesher.accepted(sale(CUSTOMER));
        var other = gesher.accepted(template(tenant, CUSTOMER));
        says("stop", CUSTOMER);

        gesher.with("dispatcher");

        await().untilAsserted(() -> {
            assertThat(gesher.message(tenant, waiting.message()).status()).isEqualTo("blocked");
            assertThat(gesher.message(tenant, other.message()).status()).isEqualTo("sent");
        });
        assertThat(gesher.message(tenant, waiting.message()).reasons())
                .containsExactly("marketing_stopped");
    }
}
