package dev.gesher.tenant;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;

/** Everything the PostgreSQL driver would log at its finest, as it is formatted. */
public final class DriverLog implements AutoCloseable {
    private static final Logger DRIVER = Logger.getLogger("org.postgresql");

    private final Level before = DRIVER.getLevel();
    private final List<String> lines = Collections.synchronizedList(new ArrayList<>());
    private final Handler handler =
            new Handler() {
                private final SimpleFormatter formatter = new SimpleFormatter();

                @Override
                public void publish(LogRecord line) {
                    lines.add(formatter.format(line));
                }

                @Override
                public void flush() {}

                @Override
                public void close() {}
            };

    public DriverLog() {
        handler.setLevel(Level.ALL);
        DRIVER.addHandler(handler);
        DRIVER.setLevel(Level.ALL);
    }

    public List<String> lines() {
        synchronized (lines) {
            return List.copyOf(lines);
        }
    }

    /** How many statements with arguments were run: neither a pool's checks nor BEGIN have any. */
    public long questions() {
        return lines().stream()
                .filter(line -> line.contains("FE=> Bind(") && line.contains("$1="))
                .count();
    }

    @Override
    public void close() {
        DRIVER.removeHandler(handler);
        DRIVER.setLevel(before);
    }
}
