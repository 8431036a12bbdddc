package dev.gesher.tenant;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.classic.spi.ThrowableProxyUtil;
import ch.qos.logback.core.AppenderBase;
import com.nimbusds.jose.jwk.ECKey;
import dev.gesher.tenant.ContentCipher.Place;
import dev.gesher.testkit.GesherDatabase;
import dev.gesher.testkit.TestDatabase;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.slf4j.LoggerFactory;

/** Does everything the vault can do, with all loggers wide open, and looks for what was planted. */
@GesherDatabase
class SecretsStaySecretTest {
    private static final String TOKEN = "EAAGplantedToken0123456789";
    private static final String PIN = "pin-planted-918273";
    private static final String CONTENT = "planted words of a customer";
    private static final Pattern KEY_MATERIAL = Pattern.compile("\"value\"\\s*:\\s*\"([^\"]+)\"");

    @Test
    void no_secret_is_in_any_log_line_error_or_text_at_trace(TestDatabase database)
            throws Exception {
        var planted = new HashMap<String, String>();
        planted.put("token", TOKEN);
        planted.put("PIN", PIN);
        planted.put("content", CONTENT);
        var texts = new ArrayList<String>();
        try (var log = new Everything();
                var driver = new DriverLog()) {
            try (var running = RunningVault.demo(database)) {
                planted.putAll(useAll(running, texts));
                provokeErrors(running, texts);
            }
            texts.addAll(log.lines());
            texts.addAll(driver.lines());
        }
        planted.put("key-encryption key", keyMaterial(database));

        assertThat(texts).as("the driver's own log is among them").anyMatch(this::isOfTheDriver);
        assertThat(texts)
                .as("and the framework's")
                .anyMatch(line -> line.contains("io.micronaut.transaction"));
        assertThat(texts).as("and the pool's").anyMatch(line -> line.contains("hikari"));
        assertThat(planted).hasSize(6).doesNotContainValue("");
        planted.forEach((name, secret) -> {
            for (var form : forms(secret)) {
                assertThat(texts).as("%s as %s", name, form).noneMatch(line -> line.contains(form));
            }
        });
    }

    /** So that a green test above means something. */
    @Test
    void a_secret_that_is_logged_would_be_found() {
        try (var log = new Everything()) {
            var logger = LoggerFactory.getLogger("com.example.careless");
            logger.trace("sending {}", TOKEN);
            logger.debug("failed", new IllegalStateException("outer", new Exception(PIN)));
            assertThat(log.lines()).anyMatch(line -> line.contains(TOKEN));
            assertThat(log.lines()).anyMatch(line -> line.contains(PIN));
        }
    }

    private Map<String, String> useAll(RunningVault running, List<String> texts) throws Exception {
        var tenant = running.newTenant();
        var vault = running.vault();
        running.store(tenant, SecretName.META_ACCESS_TOKEN, TOKEN);
        running.store(tenant, SecretName.META_PIN, PIN);
        for (int i = 0; i < 2; i++) {
            var opened = vault.open(tenant, SecretName.META_ACCESS_TOKEN, "test");
            assertThat(opened.map(SecretText::reveal)).contains(TOKEN);
            texts.add(opened.toString());
            assertThat(vault.open(tenant, SecretName.META_PIN, "test")).isPresent();
            running.clock().advance(Duration.ofSeconds(61));
        }
        texts.add(vault.toString());

        byte[] words = CONTENT.getBytes(StandardCharsets.UTF_8);
        var place = new Place("whatsapp_messages", "content", UUID.randomUUID());
        var cipher =
                running.scope().in(tenant, tx -> running.bean(ContentKeys.class).of(tx, tenant));
        assertThat(cipher.decrypt(place, cipher.encrypt(place, words))).isEqualTo(words);
        texts.add(cipher.toString());
        running.scope()
                .in(
                        tenant,
                        tx -> running.bean(LookupHasher.class).hash(tx, tenant, "search", CONTENT));
        var days = running.bean(DayKeys.class);
        var day = LocalDate.parse("2026-03-01");
        days.ready(day);
        assertThat(days.decrypt(day, "1", days.encrypt(day, "1", words))).isEqualTo(words);

        var clients = running.bean(ApiClients.class);
        var created = clients.create(tenant, "shop", Set.of("media"), "operator").orElseThrow();
        texts.add(created.toString());
        assertThat(clients.authenticate(created.client().clientId(), created.secret()))
                .isInstanceOf(ApiClients.Authentication.Right.class);
        assertThat(clients.authenticate("nobody", created.secret()))
                .isInstanceOf(ApiClients.Authentication.Wrong.class);
        clients.revoke(tenant, created.client().clientId(), "operator");

        var signing = running.bean(SigningKeys.class);
        texts.add(signing.current() + " " + signing.published());
        String kid = signing.current().kid();
        var privateKey =
                vault.open(
                                TenantId.PLATFORM,
                                new SecretName("gesher", "jwt_private_key:" + kid),
                                "test")
                        .orElseThrow()
                        .reveal();
        signing.rotate("operator");
        running.scope()
                .in(
                        tenant,
                        tx -> {
                            vault.destroy(tx, tenant, SecretName.META_PIN);
                            return true;
                        });
        return Map.of(
                "client secret",
                created.secret().reveal(),
                "signing key",
                ECKey.parse(privateKey).getD().toString());
    }

    private static void provokeErrors(RunningVault running, List<String> texts) {
        var tenant = running.newTenant();
        running.store(tenant, SecretName.META_PIN, PIN);
        var vault = running.vault();
        // Moved to another kind; stored under no set, then in a row that the schema refuses.
        running.asAdministrator(
                "UPDATE secrets SET kind = 'access_token' WHERE tenant_id = ?", tenant.value());
        texts.add(print(() -> vault.open(tenant, SecretName.META_ACCESS_TOKEN, "test")));
        texts.add(
                print(() ->
                        running.scope()
                                .platform(tx -> {
                                    vault.store(
                                            tx,
                                            tenant,
                                            SecretName.META_PIN,
                                            SecretText.of(PIN),
                                            null);
                                    return true;
                                })));
        running.asAdministrator(
                "ALTER TABLE secrets ADD CONSTRAINT no_more CHECK (kind <> 'pin') NOT VALID");
        texts.add(print(() -> running.store(tenant, SecretName.META_PIN, PIN)));
        running.asAdministrator("ALTER TABLE secrets DROP CONSTRAINT no_more");
    }

    private static String print(org.assertj.core.api.ThrowableAssert.ThrowingCallable failing) {
        var thrown = catchThrowable(failing);
        assertThat(thrown).isNotNull();
        var text = new StringWriter();
        thrown.printStackTrace(new PrintWriter(text));
        return text.toString();
    }

    private boolean isOfTheDriver(String line) {
        return line.contains("FE=> Parse(") && line.contains("secrets");
    }

    private static String keyMaterial(TestDatabase database) throws Exception {
        var file = Path.of(RunningVault.folderOf(database), "keyset.json");
        var found = KEY_MATERIAL.matcher(Files.readString(file));
        assertThat(found.find()).isTrue();
        return found.group(1);
    }

    /** As it is, and as bytes are commonly printed. */
    private static List<String> forms(String secret) {
        byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
        String hex = HexFormat.of().formatHex(bytes);
        return List.of(
                secret,
                hex,
                hex.toUpperCase(Locale.ROOT),
                Base64.getEncoder().withoutPadding().encodeToString(bytes));
    }

    /** Every logger at TRACE, whatever the tests' configuration says. */
    private static final class Everything extends AppenderBase<ILoggingEvent>
            implements AutoCloseable {
        private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
        private final Map<Logger, @Nullable Level> before = new HashMap<>();
        private final Logger root = (Logger) LoggerFactory.getLogger(Logger.ROOT_LOGGER_NAME);

        Everything() {
            for (var logger : root.getLoggerContext().getLoggerList()) {
                before.put(logger, logger.getLevel());
                logger.setLevel(logger == root ? Level.TRACE : null);
            }
            root.detachAppender("console"); // it would drown the build's output
            setContext(root.getLoggerContext());
            start();
            root.addAppender(this);
        }

        List<String> lines() {
            synchronized (lines) {
                return List.copyOf(lines);
            }
        }

        @Override
        protected void append(ILoggingEvent event) {
            var line = new StringBuilder(event.getLoggerName()).append(' ');
            line.append(event.getFormattedMessage()).append(' ').append(event.getMDCPropertyMap());
            if (event.getThrowableProxy() != null) {
                line.append(ThrowableProxyUtil.asString(event.getThrowableProxy()));
            }
            lines.add(line.toString());
        }

        @Override
        public void close() {
            root.detachAppender(this);
            before.forEach(Logger::setLevel);
            stop();
        }
    }
}
