package dev.gesher.whatsapp.webhook;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** The day (UTC) whose platform key encrypts a body and its changes, as stored: yyyymmdd. */
final class KeyDay {
    private KeyDay() {}

    static LocalDate of(Instant received) {
        return LocalDate.ofInstant(received, ZoneOffset.UTC);
    }

    static LocalDate of(int stored) {
        return LocalDate.of(stored / 10_000, stored / 100 % 100, stored % 100);
    }

    static int stored(LocalDate day) {
        return day.getYear() * 10_000 + day.getMonthValue() * 100 + day.getDayOfMonth();
    }
}
