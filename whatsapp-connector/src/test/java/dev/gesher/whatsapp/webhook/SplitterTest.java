package dev.gesher.whatsapp.webhook;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.gesher.tenant.DayKeys;
import dev.gesher.tenant.db.DatabaseException;
import dev.gesher.testkit.TestDatabase;
import dev.gesher.whatsapp.WebhookInbox;
import java.sql.SQLException;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class SplitterTest {
    private static final long AT = Webhooks.SENT.getEpochSecond();

    private final TestDatabase database = TestDatabase.fresh();
    private final Webhooks webhooks = new Webhooks(database);

    @BeforeEach
    void clear() {
        Webhooks.clear(database);
    }

    @AfterEach
    void close() {
        webhooks.close();
        database.close();
    }

    private void asOwner(String sql) {
        try (var connection = database.connect();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    @Test
    void what_the_database_cannot_take_just_now_waits() {
        asOwner(
                """
                CREATE FUNCTION full_disk() RETURNS trigger LANGUAGE plpgsql AS
                    $$ BEGIN RAISE EXCEPTION 'no space left on device' USING ERRCODE = '58030'; END $$;
                CREATE TRIGGER full_disk BEFORE INSERT ON webhook_changes FOR EACH ROW
                    WHEN (NEW.phone_number_id = '5002') EXECUTE FUNCTION full_disk();
                """);
        webhooks.deliver(Fixtures.text("5002", "7002", "wamid.1", AT));
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.1", AT));

        assertThatThrownBy(webhooks.splitter::round).isInstanceOf(DatabaseException.class);

        assertThat(webhooks.inbox.backlog().dead()).isZero();
        assertThat(webhooks.inState("pending")).as("the other one is split").isEqualTo(1);
        asOwner("DROP TRIGGER full_disk ON webhook_changes");
        while (webhooks.splitter.round()) {}
        assertThat(webhooks.inState("pending")).isEqualTo(2);
    }

    @Test
    void a_day_whose_key_cannot_be_opened_holds_nobody_up() throws SQLException {
        var tenant = webhooks.holderOf("5001", "7001");
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.applied_late", AT));
        while (webhooks.splitter.round()) {}
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.split_late", AT));
        asAdministrator("UPDATE tenant_keys SET wrapped = wrapped || 'x' WHERE kind = 'inbox_day'");
        webhooks.context.getBean(DayKeys.class).forget();
        webhooks.clock.advance(Duration.ofDays(3));
        webhooks.deliver(Fixtures.text("5001", "7001", "wamid.today", AT));

        webhooks.work();

        assertThat(webhooks.heardBy(tenant)).containsExactly("text wamid.today");
        assertThat(webhooks.inbox.backlog())
                .returns(2L, WebhookInbox.Backlog::pending)
                .returns(0L, WebhookInbox.Backlog::dead);
    }

    private void asAdministrator(String sql) throws SQLException {
        try (var connection = database.connectAsAdministrator();
                var statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }
}
