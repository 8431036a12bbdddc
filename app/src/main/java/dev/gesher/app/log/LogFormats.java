package dev.gesher.app.log;

import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.joran.JoranConfigurator;
import ch.qos.logback.core.joran.spi.JoranException;
import dev.gesher.app.config.LogFormat;
import java.util.Objects;
import org.slf4j.LoggerFactory;

/** Chooses how log lines are written; before anything is logged, it is text. */
public final class LogFormats {
    private LogFormats() {}

    /** From now on this process logs in {@code format}. */
    public static void use(LogFormat format) {
        if (format == LogFormat.JSON
                && LoggerFactory.getILoggerFactory() instanceof LoggerContext context) {
            context.reset();
            configure(context, "/logback-json.xml");
        }
    }

    static void configure(LoggerContext context, String resource) {
        var configurator = new JoranConfigurator();
        configurator.setContext(context);
        try {
            configurator.doConfigure(
                    Objects.requireNonNull(LogFormats.class.getResource(resource)));
        } catch (JoranException e) {
            throw new IllegalStateException(resource + " is broken", e);
        }
    }
}
