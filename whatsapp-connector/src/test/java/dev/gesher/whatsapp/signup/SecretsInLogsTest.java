package dev.gesher.whatsapp.signup;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import dev.gesher.simulator.GraphSimulator;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberSpec;
import dev.gesher.tenant.SecretName;
import dev.gesher.tenant.SecretText;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.SettableClock;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import dev.gesher.whatsapp.Signup.Status;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

@GesherDatabase
class SecretsInLogsTest {
    @Test
    void no_secret_number_or_text_is_logged_at_any_level(TestDatabase database) throws Exception {
        var lines = new Lines();
        var logback = (LoggerContext) LoggerFactory.getILoggerFactory();
        var root = logback.getLogger(Logger.ROOT_LOGGER_NAME);
        var console = new ArrayList<ch.qos.logback.core.Appender<ILoggingEvent>>();
        root.iteratorForAppenders().forEachRemaining(console::add);
        var level = root.getLevel();
        lines.setContext(logback);
        lines.start();
        // Thousands of lines that only this test reads.
        console.forEach(root::detachAppender);
        root.addAppender(lines);
        root.setLevel(Level.TRACE);
        // As a configuration might: the cap must hold all the same.
        logback.getLogger("io.micronaut.http.client").setLevel(Level.TRACE);
        var secrets = new ArrayList<String>();
        try (var simulator = GraphSimulator.start();
                var running =
                        new RunningSignup(
                                database, simulator, SettableClock.at(Instant.now()), Map.of())) {
            secrets.add(simulator.options().appSecret());
            var meta = simulator.control();
            var business = meta.createBusiness(BusinessSpec.named("מאפיית דנה"));
            var bakery =
                    meta.addNumber(
                            business.wabaId(), NumberSpec.of("+972 3-555-0101").withPin("271828"));
            var tenant = running.newTenant();
            var link = running.signup().createLink(tenant, "client:shop");
            var session = running.signup().exchangeLink(link.secret()).orElseThrow();
            secrets.add(link.secret().reveal());
            secrets.add(session.token().reveal());
            meta.addFault(
                    Match.any().path("POST .*/subscribed_apps").times(1), Effect.httpError(503));
            var grant = meta.mintCode(bakery.wabaId());
            secrets.add(grant.code());
            var attempt = running.submit(tenant, grant);
            running.signup().retry(tenant, attempt.id(), "x");
            running.signup().givePin(tenant, attempt.id(), SecretText.of("314159"), "x");
            var done = running.signup().givePin(tenant, attempt.id(), SecretText.of("271828"), "x");
            assertThat(done.orElseThrow().status()).isEqualTo(Status.DONE);
            secrets.add(
                    running.vault()
                            .open(tenant, SecretName.META_ACCESS_TOKEN, "test")
                            .orElseThrow()
                            .reveal());
            meta.customerWrites(bakery.phoneNumberId(), "972501234567", "שלום");
            running.clients()
                    .clientFor(tenant)
                    .send(
                            bakery.phoneNumberId(),
                            new Recipient.Phone(new PhoneNumber("+972501234567")),
                            new Text("סוד שמור", false),
                            "m.1");
        } finally {
            root.setLevel(level);
            logback.getLogger("io.micronaut.http.client").setLevel(null);
            root.detachAppender(lines);
            console.forEach(root::addAppender);
        }
        secrets.addAll(List.of("314159", "271828", "972501234567", "סוד שמור"));

        assertThat(lines.logged).hasSizeGreaterThan(100);
        assertThat(lines.logged).anyMatch(line -> line.contains("connected tenant="));
        assertThat(lines.logged.stream().filter(line -> secrets.stream().anyMatch(line::contains)))
                .isEmpty();
    }

    private static final class Lines extends AppenderBase<ILoggingEvent> {
        final List<String> logged = new CopyOnWriteArrayList<>();

        @Override
        protected void append(ILoggingEvent event) {
            var thrown = event.getThrowableProxy();
            logged.add(
                    event.getLoggerName()
                            + " "
                            + event.getFormattedMessage()
                            + (thrown == null ? "" : ThrowableProxyUtil.asString(thrown)));
        }
    }
}
