package dev.gesher.whatsapp.graph;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.turbo.TurboFilter;
import ch.qos.logback.core.spi.FilterReply;
import io.micronaut.context.annotation.Context;
import io.micronaut.context.annotation.Requires;
import org.jspecify.annotations.Nullable;
import org.slf4j.LoggerFactory;
import org.slf4j.Marker;

/**
 * Caps the loggers that print requests: below {@code info} they show URLs, headers and bodies, and
 * with them tokens, codes and what people wrote. A filter, not a level, so that no configuration
 * opens them again.
 */
@Context
@Requires(classes = LoggerContext.class)
final class BodyLoggers {
    BodyLoggers() {
        if (LoggerFactory.getILoggerFactory() instanceof LoggerContext context
                && context.getTurboFilterList().stream().noneMatch(Cap.class::isInstance)) {
            context.addTurboFilter(new Cap());
        }
    }

    private static final class Cap extends TurboFilter {
        @Override
        public FilterReply decide(
                @Nullable Marker marker,
                Logger logger,
                Level level,
                @Nullable String format,
                Object @Nullable [] parameters,
                @Nullable Throwable thrown) {
            String name = logger.getName();
            boolean printsBodies =
                    name.startsWith("io.micronaut.http")
                            || name.startsWith("io.micronaut.security")
                            // prints the event of a verified token, token and all
                            || name.startsWith("io.micronaut.context.event")
                            || name.startsWith("io.netty")
                            || name.startsWith("reactor")
                            // prints the headers that sign requests to an S3
                            || name.startsWith("software.amazon");
            return printsBodies && level.toInt() < Level.INFO_INT
                    ? FilterReply.DENY
                    : FilterReply.NEUTRAL;
        }
    }
}
