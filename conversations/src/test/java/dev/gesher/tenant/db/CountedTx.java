package dev.gesher.tenant.db;

import java.lang.reflect.Proxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** A transaction over a plain connection that remembers the statements it ran. */
public final class CountedTx {
    private final List<String> statements = new ArrayList<>();

    /** What the statements of a transaction do. */
    public interface Action {
        void run(Tx tx) throws SQLException;
    }

    /** Runs {@code action}, commits, and answers the statements that ran. */
    public static List<String> run(Connection connection, Action action) throws SQLException {
        var counted = new CountedTx();
        action.run(new Tx(counted.over(connection)));
        connection.commit();
        return counted.statements;
    }

    private Connection over(Connection connection) {
        return (Connection)
                Proxy.newProxyInstance(
                        CountedTx.class.getClassLoader(),
                        new Class<?>[] {Connection.class},
                        (proxy, method, arguments) -> {
                            if (method.getName().equals("prepareStatement")) {
                                statements.add(String.valueOf(arguments[0]));
                            }
                            return method.invoke(connection, arguments);
                        });
    }
}
