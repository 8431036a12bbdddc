package dev.gesher.app.log;

import ch.qos.logback.classic.pattern.ClassicConverter;
import ch.qos.logback.classic.spi.ILoggingEvent;
import java.util.List;

/** {@code %said} in a pattern: the text and its keys, as {@link LogText} lets them pass. */
public final class CleanLine extends ClassicConverter {
    private static final List<String> KEYS = List.of("correlation", "tenant", "message");

    @Override
    public String convert(ILoggingEvent event) {
        var line = new StringBuilder(LogText.clean(event.getFormattedMessage()));
        var values = event.getMDCPropertyMap();
        for (var key : KEYS) {
            var value = values.get(key);
            if (value != null) {
                var pair = " " + key + "=" + LogText.clean(value);
                // Some texts name what they are about, and nobody wants to read it twice.
                if (line.indexOf(pair) < 0) {
                    line.append(pair);
                }
            }
        }
        return line.toString();
    }
}
