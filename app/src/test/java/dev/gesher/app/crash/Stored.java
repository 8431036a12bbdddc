package dev.gesher.app.crash;

import dev.gesher.postgres.EmbeddedPostgres;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What is stored, read as the database's owner with the tenant's set. */
final class Stored implements AutoCloseable {
    private final EmbeddedPostgres server;
    private final String tenant;
    private Connection connection;

    Stored(EmbeddedPostgres server, String tenant) throws SQLException {
        this.server = server;
        this.tenant = tenant;
        this.connection = connect();
        see(tenant);
    }

    private Connection connect() throws SQLException {
        return DriverManager.getConnection(
                server.jdbcUrl("gesher"), server.user(), server.password());
    }

    /** Goes on after the server was killed. */
    private void connectAgain() throws SQLException {
        if (!connection.isValid(5)) {
            connection.close();
            connection = connect();
            see(tenant);
        }
    }

    @FunctionalInterface
    private interface Reader<T> {
        T read(ResultSet row) throws SQLException;
    }

    private <T> List<T> rows(String sql, Reader<T> reader) throws SQLException {
        connectAgain();
        try (var statement = connection.prepareStatement(sql)) {
            if (sql.contains("?")) {
                statement.setObject(1, java.util.UUID.fromString(tenant));
            }
            try (var rows = statement.executeQuery()) {
                var found = new ArrayList<T>();
                while (rows.next()) {
                    found.add(reader.read(rows));
                }
                return found;
            }
        }
    }

    private Map<String, Long> counts(String sql) throws SQLException {
        var counts = new HashMap<String, Long>();
        rows(sql, row -> counts.put(row.getString(1), row.getLong(2)));
        return counts;
    }

    /** Raw bodies kept, each of which was, or was about to be, acknowledged. */
    long webhooks() throws SQLException {
        return rows("SELECT count(*) FROM webhook_inbox", row -> row.getLong(1)).getFirst();
    }

    /** Bodies that still have to be split. */
    long unsplit() throws SQLException {
        return rows("SELECT count(*) FROM webhook_inbox_pending", row -> row.getLong(1)).getFirst();
    }

    /** Changes by state. */
    Map<String, Long> changes() throws SQLException {
        return counts("SELECT state, count(*) FROM webhook_changes GROUP BY state");
    }

    long deadLetters() throws SQLException {
        return rows("SELECT count(*) FROM webhook_dead_letters", row -> row.getLong(1)).getFirst();
    }

    /** An outbound message's place in its line. */
    record Line(String messageId, String recipient, int priority, String stage) {}

    /** Outbound messages in the order of acceptance. */
    List<Line> outbound() throws SQLException {
        return rows(
                """
                SELECT message_id, recipient_phone, priority, stage FROM whatsapp_messages
                WHERE tenant_id = ? AND direction = 'outbound' ORDER BY seq
                """,
                row ->
                        new Line(
                                row.getString(1),
                                row.getString(2),
                                row.getInt(3),
                                row.getString(4)));
    }

    /** Messages that were claimed and of whose call nothing is recorded. */
    List<String> claimed() throws SQLException {
        return rows(
                """
                SELECT message_id FROM whatsapp_messages
                WHERE tenant_id = ? AND direction = 'outbound' AND stage = 'sending'
                """,
                row -> row.getString(1));
    }

    /** Calls that Meta took and whose process died before it had recorded that. */
    long takenAndCutOff() throws SQLException {
        return rows(
                        """
                        SELECT count(*) FROM whatsapp_message_attempts
                        WHERE tenant_id = ? AND outcome = 'abandoned' AND wa_message_id IS NOT NULL
                        """,
                        row -> row.getLong(1))
                .getFirst();
    }

    /** How many events of each type. */
    Map<String, Long> events() throws SQLException {
        return counts("SELECT type, count(*) FROM events WHERE tenant_id = ? GROUP BY type");
    }

    /** Where numbers are missing, twice there, or not from 1: by tenant and by conversation. */
    List<String> gapsInEvents() throws SQLException {
        var gaps = new ArrayList<String>();
        gaps.addAll(
                rows(
                        """
                        SELECT 'tenant_seq ' || tenant_seq || ' stands at place ' || place
                        FROM (SELECT tenant_seq, row_number() OVER (ORDER BY tenant_seq) AS place
                              FROM events WHERE tenant_id = ?) e
                        WHERE tenant_seq <> place ORDER BY place LIMIT 5
                        """,
                        row -> row.getString(1)));
        gaps.addAll(
                rows(
                        """
                        SELECT 'conversation_seq ' || conversation_seq || ' of ' || conversation_id || ' stands at place ' || place
                        FROM (SELECT conversation_id, conversation_seq, row_number() OVER
                                  (PARTITION BY conversation_id ORDER BY conversation_seq) AS place
                              FROM events WHERE tenant_id = ? AND conversation_id IS NOT NULL) e
                        WHERE conversation_seq <> place ORDER BY place LIMIT 5
                        """,
                        row -> row.getString(1)));
        // The later number of a conversation is the later number of the tenant.
        gaps.addAll(
                rows(
                        """
                        SELECT 'conversation ' || conversation_id || ' goes back at tenant_seq ' || tenant_seq
                        FROM (SELECT conversation_id, tenant_seq, conversation_seq, lag(conversation_seq) OVER
                                  (PARTITION BY conversation_id ORDER BY tenant_seq) AS before
                              FROM events WHERE tenant_id = ? AND conversation_id IS NOT NULL) e
                        WHERE conversation_seq <= before LIMIT 5
                        """,
                        row -> row.getString(1)));
        return gaps;
    }

    /** As if the time had come for whoever looks after signups whose process died. */
    void signupsAreLookedAfter() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate(
                    "UPDATE connect_attempts SET run_until = '-infinity' WHERE status = 'running'");
            statement.executeUpdate(
                    "UPDATE timers SET due_at = now() WHERE kind = 'connect_attempt' AND due_at > now()");
        }
    }

    /** As if half a minute had passed since the only process was killed. */
    void leasesOfTheKilledRanOut() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("UPDATE leases SET expires_at = now()");
        }
    }

    /** As if 90 seconds had passed since the last process ended: it no longer counts as running. */
    void killedProcessesAreForgotten() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.executeUpdate("DELETE FROM key_holders");
        }
    }

    /**
     * As if three minutes had passed since a rotation made its keys. Only while no process runs: it
     * would remember them as not yet in use.
     */
    void newKeysAreInUse() throws SQLException {
        try (var statement = connection.createStatement()) {
            statement.execute(
                    """
                    SELECT set_config('gesher.tenants', '00000000-0000-0000-0000-000000000000,'
                        || (SELECT string_agg(tenant_id::text, ',') FROM tenant_directory), false)
                    """);
            statement.executeUpdate(
                    "UPDATE key_rotations SET keys_made_at = keys_made_at - interval '3 minutes' WHERE finished_at IS NULL");
            statement.executeUpdate(
                    "UPDATE tenant_keys SET encrypts_from = encrypts_from - interval '3 minutes' WHERE version > 1");
        }
        see(tenant);
    }

    private void see(String tenants) throws SQLException {
        try (var set =
                connection.prepareStatement("SELECT set_config('gesher.tenants', ?, false)")) {
            set.setString(1, tenants);
            set.execute();
        }
    }

    /** How the tenant's newest signup stands: step, status, and why it failed. */
    String signup() throws SQLException {
        return rows(
                        """
                        SELECT concat_ws(' ', step, status, failure_code) FROM connect_attempts
                        WHERE tenant_id = ? ORDER BY created_at DESC LIMIT 1
                        """,
                        row -> row.getString(1))
                .stream()
                .findFirst()
                .orElse("");
    }

    /** The kinds of the tenant's secrets. */
    List<String> secrets() throws SQLException {
        return rows(
                "SELECT kind FROM secrets WHERE tenant_id = ? AND provider = 'meta' ORDER BY kind",
                row -> row.getString(1));
    }

    /** Ids of the files that were fetched. */
    List<String> storedMedia() throws SQLException {
        return rows(
                "SELECT media_id::text FROM media WHERE tenant_id = ? AND state = 'stored' ORDER BY 1",
                row -> row.getString(1));
    }

    /** Signups that somebody has still to look after. */
    long signupTimers() throws SQLException {
        return rows(
                        "SELECT count(*) FROM timers WHERE tenant_id = ? AND kind = 'connect_attempt'",
                        row -> row.getLong(1))
                .getFirst();
    }

    /** The number that a query answers about everything, whosever it is. */
    long number(String sql) throws SQLException {
        try (var statement = connection.createStatement();
                var result = statement.executeQuery(sql)) {
            result.next();
            return result.getLong(1);
        }
    }

    /** A setting as a session of the product has it. */
    String setting(String name) throws SQLException {
        return rows("SHOW " + name, row -> row.getString(1)).getFirst();
    }

    @Override
    public void close() throws SQLException {
        connection.close();
    }
}
