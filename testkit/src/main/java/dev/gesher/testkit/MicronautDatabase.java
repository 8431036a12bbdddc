package dev.gesher.testkit;

import io.micronaut.test.support.TestPropertyProvider;
import java.util.Map;

/**
 * Gives a {@code @MicronautTest} class its database as the data source {@code default}. The class
 * also needs {@code @TestInstance(PER_CLASS)}, which Micronaut asks of every provider, and {@link
 * GesherDatabase} to drop the database in the end.
 */
public interface MicronautDatabase extends TestPropertyProvider {

    /** The data source; a class with more properties adds them to a copy of this map. */
    @Override
    default Map<String, String> getProperties() {
        return TestDatabase.of(getClass()).datasource();
    }
}
