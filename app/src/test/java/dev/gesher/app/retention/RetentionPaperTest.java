package dev.gesher.app.retention;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.app.config.Settings;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.tenant.db.Retained;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * The table of what is kept how long, in docs/configuration.md, against the database and the code.
 */
class RetentionPaperTest {
    private static final Path PAPER = Path.of("../docs/configuration.md");
    private static final Pattern NAME = Pattern.compile("`([a-z_]+)`");

    private static RunningGesher gesher;
    private static List<Row> rows;

    @BeforeAll
    static void start() throws IOException {
        gesher = RunningGesher.start();
        rows =
                Files.readString(PAPER)
                        .split("## What is kept how long", -1)[1]
                        .lines()
                        .filter(line -> line.startsWith("| ") && !line.startsWith("| Kind"))
                        .map(Row::of)
                        .toList();
    }

    @AfterAll
    static void stop() {
        gesher.close();
    }

    /** A row of the paper. */
    private record Row(
            String kind,
            List<String> tables,
            String kept,
            String least,
            String mayChange,
            String removed) {
        static Row of(String line) {
            var cells = line.substring(2, line.length() - 2).split(" \\| ", -1);
            assertThat(cells).as(line).hasSize(6);
            return new Row(
                    cells[0],
                    NAME.matcher(cells[1]).results().map(found -> found.group(1)).toList(),
                    cells[2],
                    cells[3],
                    cells[4],
                    cells[5]);
        }

        boolean byTimer() {
            return removed.startsWith("timer");
        }
    }

    @Test
    void every_table_of_the_database_is_in_one_row() throws SQLException {
        assertThat(rows.stream().flatMap(row -> row.tables().stream()))
                .containsExactlyInAnyOrderElementsOf(tables());
        assertThat(rows).allMatch(row -> !row.removed().isBlank() && !row.kept().isBlank());
    }

    @Test
    void what_goes_by_the_timer_has_its_kind_in_the_code_and_the_other_way_round() {
        assertThat(
                        rows.stream()
                                .filter(Row::byTimer)
                                .collect(Collectors.toMap(row -> set(row.tables()), Row::kept)))
                .hasSizeGreaterThan(5)
                .containsOnlyKeys(
                        gesher.beans(Retained.class).stream()
                                .map(kind -> set(kind.tables()))
                                .toList());
    }

    /** Else the row could not be removed. */
    @Test
    void what_refers_to_a_row_that_goes_by_the_timer_goes_with_it() throws SQLException {
        for (var kind : gesher.beans(Retained.class)) {
            for (var table : kind.tables()) {
                assertThat(
                                texts(
                                        """
                                        SELECT conrelid::regclass FROM pg_constraint
                                        WHERE contype = 'f' AND confrelid = '%s'::regclass
                                        """
                                                .formatted(table)))
                        .as(table)
                        .isSubsetOf(kind.tables());
            }
        }
    }

    @Test
    void the_paper_says_how_long() {
        for (var kind : gesher.beans(Retained.class)) {
            var row =
                    rows.stream()
                            .filter(it -> set(it.tables()).equals(set(kind.tables())))
                            .findFirst()
                            .orElseThrow();
            long days = kind.kept().toDays();
            var words = days == 1 ? "24 hours|a day" : days + " days";
            assertThat(row.kept()).as(kind.kind()).containsPattern("\\b(" + words + ")\\b");
        }
    }

    /** What an operator sets is what is done. */
    @Test
    void the_variables_are_heeded() {
        var days =
                Map.of(
                        "GESHER_MESSAGE_DAYS", "31",
                        "GESHER_EVENT_DAYS", "8",
                        "GESHER_AUDIT_DAYS", "800",
                        "GESHER_WEBHOOK_DAYS", "9");
        try (var other = gesher.replica(days)) {
            assertThat(
                            other.beans(Retained.class).stream()
                                    .collect(
                                            Collectors.toMap(
                                                    Retained::kind, it -> it.kept().toDays())))
                    .containsEntry("messages", 31L)
                    .containsEntry("events", 8L)
                    .containsEntry("audit", 800L)
                    .containsEntry("identities", 32L);
        }
        assertThat(Settings.from(RunningGesher.environment()).retention())
                .isEqualTo(new Settings.Retention(7, 731, 30, 731));
    }

    private static Set<String> set(List<String> tables) {
        return new TreeSet<>(tables);
    }

    private static List<String> tables() throws SQLException {
        return texts(
                """
                SELECT relname FROM pg_class
                WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p')
                  AND NOT relispartition AND relname <> 'flyway_schema_history'
                """);
    }

    private static List<String> texts(String sql) throws SQLException {
        try (var admin = gesher.database().connectAsAdministrator();
                var statement = admin.createStatement();
                var rows = statement.executeQuery(sql)) {
            var found = new ArrayList<String>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
