package dev.gesher.app.log;

import ch.qos.logback.classic.pattern.ThrowableProxyConverter;
import ch.qos.logback.classic.spi.IThrowableProxy;
import ch.qos.logback.classic.spi.StackTraceElementProxy;
import org.jspecify.annotations.Nullable;

/**
 * {@code %trace{lines}} in a pattern: an exception with its causes, whose messages are as {@link
 * LogText} lets them pass. Only the lines of the trace itself break the line.
 */
public final class CleanTrace extends ThrowableProxyConverter {
    @Override
    protected String throwableProxyToString(IThrowableProxy thrown) {
        return super.throwableProxyToString(new Clean(thrown));
    }

    private record Clean(IThrowableProxy thrown) implements IThrowableProxy {
        private static @Nullable IThrowableProxy of(@Nullable IThrowableProxy thrown) {
            return thrown == null ? null : new Clean(thrown);
        }

        @Override
        public @Nullable String getMessage() {
            var message = thrown.getMessage();
            return message == null ? null : LogText.clean(message);
        }

        @Override
        public @Nullable String getOverridingMessage() {
            var message = thrown.getOverridingMessage();
            return message == null ? null : LogText.clean(message);
        }

        @Override
        public String getClassName() {
            return thrown.getClassName();
        }

        @Override
        public StackTraceElementProxy[] getStackTraceElementProxyArray() {
            return thrown.getStackTraceElementProxyArray();
        }

        @Override
        public int getCommonFrames() {
            return thrown.getCommonFrames();
        }

        @Override
        public @Nullable IThrowableProxy getCause() {
            return of(thrown.getCause());
        }

        @Override
        public IThrowableProxy[] getSuppressed() {
            var suppressed = thrown.getSuppressed();
            var clean = new IThrowableProxy[suppressed.length];
            for (int i = 0; i < suppressed.length; i++) {
                clean[i] = new Clean(suppressed[i]);
            }
            return clean;
        }

        @Override
        public boolean isCyclic() {
            return thrown.isCyclic();
        }
    }
}
