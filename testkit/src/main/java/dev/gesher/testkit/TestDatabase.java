package dev.gesher.testkit;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A database of one test class, made from a template that our migrations made. Its owner is no
 * superuser, as in production: forced row-level security holds for it too.
 *
 * @param jdbcUrl how to reach it
 * @param user its owner, who may make roles and databases
 * @param password the owner's
 * @param name the database's name
 */
public record TestDatabase(String jdbcUrl, String user, String password, String name)
        implements AutoCloseable {

    private static final Map<Class<?>, TestDatabase> OF_CLASSES = new ConcurrentHashMap<>();

    /** A new migrated database; close it to drop it. */
    public static TestDatabase fresh() {
        return TestServer.running().fresh("t");
    }

    /** A new database without anything in it, for tests of the migrations themselves. */
    public static TestDatabase empty() {
        return TestServer.running().empty("e");
    }

    /**
     * The database of a test class, made when first asked for. {@link GesherDatabase} drops it
     * after the class; without that it is there until the server ends with the tests.
     */
    public static TestDatabase of(Class<?> testClass) {
        return OF_CLASSES.computeIfAbsent(
                testClass, type -> TestServer.running().fresh(type.getSimpleName()));
    }

    static void drop(Class<?> testClass) {
        var database = OF_CLASSES.remove(testClass);
        if (database != null) {
            database.close();
        }
    }

    /** Micronaut's properties for the data source {@code default}. */
    public Map<String, String> datasource() {
        return Map.of(
                "datasources.default.url", jdbcUrl,
                "datasources.default.username", user,
                "datasources.default.password", password);
    }

    /** A connection as the owner; row-level security holds. */
    public Connection connect() throws SQLException {
        return DriverManager.getConnection(jdbcUrl, user, password);
    }

    /** A connection that sees every row, to look at what is really stored. */
    public Connection connectAsAdministrator() throws SQLException {
        return TestServer.running().connectAsAdministrator(name);
    }

    /** Drops it, cutting what is still connected. */
    @Override
    public void close() {
        TestServer.running().drop(name);
    }

    @Override
    public String toString() {
        return name;
    }
}
