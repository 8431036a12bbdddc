package dev.gesher.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Run by {@link GesherDatabaseTest}, not by the build: its name says it is no test. */
@GesherDatabase
class TakesADatabase {
    static @Nullable TestDatabase taken;

    @Test
    void takes_it(TestDatabase database) throws Exception {
        taken = database;
        try (var connection = database.connect()) {
            assertThat(connection.isValid(1)).isTrue();
        }
    }
}
