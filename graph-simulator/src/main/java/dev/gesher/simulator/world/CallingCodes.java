package dev.gesher.simulator.world;

import java.util.Map;
import java.util.Set;

/** Just enough of the numbering plan to split a country calling code off a number. */
final class CallingCodes {
    private static final Set<String> TWO_DIGITS =
            Set.of(
                    "20", "27", "30", "31", "32", "33", "34", "36", "39", "40", "41", "43", "44",
                    "45", "46", "47", "48", "49", "51", "52", "53", "54", "55", "56", "57", "58",
                    "60", "61", "62", "63", "64", "65", "66", "81", "82", "84", "86", "90", "91",
                    "92", "93", "94", "95", "98");
    private static final Map<String, String> COUNTRIES =
            Map.of(
                    "972", "IL", "970", "PS", "1", "US", "44", "GB", "33", "FR", "49", "DE", "55",
                    "BR", "91", "IN", "52", "MX");

    private CallingCodes() {}

    static String of(String digits) {
        if (digits.startsWith("1") || digits.startsWith("7")) {
            return digits.substring(0, 1);
        }
        if (digits.length() < 3) {
            return digits;
        }
        var two = digits.substring(0, 2);
        return TWO_DIGITS.contains(two) ? two : digits.substring(0, 3);
    }

    /** ISO country, "ZZ" where this little table doesn't know it. */
    static String countryOf(String digits) {
        return COUNTRIES.getOrDefault(of(digits), "ZZ");
    }
}
