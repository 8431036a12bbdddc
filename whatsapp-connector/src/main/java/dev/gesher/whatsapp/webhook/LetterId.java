package dev.gesher.whatsapp.webhook;

import java.time.DateTimeException;
import java.time.LocalDate;
import java.util.Comparator;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names a body or a change to the operator: {@code 20260301-17} or {@code 20260301-17-0}.
 *
 * @param ordinal the change's place in its body; {@link #BODY} for the body itself
 */
record LetterId(LocalDate day, long inboxId, int ordinal) {
    static final int BODY = -1;

    static final Comparator<LetterId> ORDER =
            Comparator.comparingLong(LetterId::inboxId).thenComparingInt(LetterId::ordinal);

    private static final Pattern FORM = Pattern.compile("(\\d{8})-(\\d{1,18})(?:-(\\d{1,9}))?");

    static Optional<LetterId> parse(String text) {
        var form = FORM.matcher(text);
        if (!form.matches()) {
            return Optional.empty();
        }
        try {
            return Optional.of(
                    new LetterId(
                            KeyDay.of(Integer.parseInt(form.group(1))),
                            Long.parseLong(form.group(2)),
                            form.group(3) == null ? BODY : Integer.parseInt(form.group(3))));
        } catch (DateTimeException noSuchDay) {
            return Optional.empty();
        }
    }

    boolean isBody() {
        return ordinal == BODY;
    }

    @Override
    public String toString() {
        return KeyDay.stored(day) + "-" + inboxId + (isBody() ? "" : "-" + ordinal);
    }
}
