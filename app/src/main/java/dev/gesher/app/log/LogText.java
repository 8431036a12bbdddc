package dev.gesher.app.log;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The one place that decides what a text may bring into a log: no control and no invisible or
 * direction-changing character, so that no line can be forged or shown in another order; no phone
 * number, of which the last four digits are left; no wamid, which holds the number in base64.
 */
final class LogText {
    private static final int SHORTEST_NUMBER = 7;
    private static final int SHORTEST_GROUPED = 9;
    private static final int LEFT = 4;

    /** Line breaks of all kinds become a space, so that words stay apart. */
    private static final Pattern BREAKS =
            Pattern.compile("[\\t\\n\\x0B\\f\\r\\x85\\p{Zl}\\p{Zp}]+");

    /** Control and format characters (with all that turn the direction), and broken surrogates. */
    private static final Pattern INVISIBLE = Pattern.compile("[\\p{Cc}\\p{Cf}\\p{Cs}]");

    private static final Pattern WAMID = Pattern.compile("(?i)wamid\\.[\\p{Alnum}+/=_-]*");

    private static final String UUID_TEXT =
            "(?<![\\p{L}\\p{Nd}])\\p{XDigit}{8}(?:-\\p{XDigit}{4}){3}-\\p{XDigit}{12}(?![\\p{L}\\p{Nd}])";

    /** Hashes and trace ids: 16 and more hexadecimal digits, a letter among them. */
    private static final String HEX_TEXT =
            "(?<![\\p{L}\\p{Nd}])(?=[0-9]*[a-f])[0-9a-f]{16,}(?![\\p{L}\\p{Nd}])";

    private static final String TIME_TEXT =
            "(?<!\\p{Nd})\\d{4}-\\d\\d-\\d\\d(?:T\\d\\d:\\d\\d(?::\\d\\d(?:\\.\\d{1,9})?)?)?(?!\\p{Nd})";

    /** Values that are counts or ids of ours, and grow. */
    private static final String COUNT_TEXT =
            "\\b(?:inbox|items|rows|bytes|count|port|pid)=\\d{1,12}(?!\\p{Nd})";

    /** What is left as it is. */
    private static final Pattern SAFE =
            Pattern.compile(String.join("|", UUID_TEXT, HEX_TEXT, TIME_TEXT, COUNT_TEXT));

    /** Digits with what people put between those of a number. */
    private static final Pattern NUMBER =
            Pattern.compile("[+\\uFF0B]?[(]?\\p{Nd}(?:[\\p{Zs}\\p{Pd}().]{0,3}\\p{Nd})+");

    private static final Pattern PLAIN_RUN = Pattern.compile("\\p{Nd}{" + SHORTEST_NUMBER + ",}");
    private static final Pattern DOTTED = Pattern.compile("\\d{1,3}(?:\\.\\d{1,3}){2,3}");

    private LogText() {}

    /** {@code text} as it may be logged. */
    static String clean(String text) {
        int digits = 0;
        boolean plain = true;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            plain &= c >= ' ' && c <= '~';
            // Half of a digit beyond the basic plane counts as one.
            digits += Character.isDigit(c) || Character.isSurrogate(c) ? 1 : 0;
        }
        var clean = text;
        if (!plain) {
            clean = INVISIBLE.matcher(BREAKS.matcher(clean).replaceAll(" ")).replaceAll("");
        }
        if (clean.contains("amid.") || clean.contains("AMID.")) {
            clean = WAMID.matcher(clean).replaceAll("wamid.…");
        }
        return digits >= SHORTEST_NUMBER ? withoutNumbers(clean) : clean;
    }

    private static String withoutNumbers(String text) {
        var clean = new StringBuilder(text.length());
        var safe = SAFE.matcher(text);
        int done = 0;
        while (safe.find()) {
            clean.append(masked(text.substring(done, safe.start()))).append(safe.group());
            done = safe.end();
        }
        return clean.append(masked(text.substring(done))).toString();
    }

    private static String masked(String text) {
        return NUMBER.matcher(text)
                .replaceAll(found ->
                        Matcher.quoteReplacement(
                                isNumber(found.group()) ? mask(found.group()) : found.group()));
    }

    private static boolean isNumber(String text) {
        if (PLAIN_RUN.matcher(text).find()) {
            return true;
        }
        int digits = (int) text.codePoints().filter(Character::isDigit).count();
        boolean international = text.startsWith("+") || text.startsWith("\uFF0B");
        return international
                ? digits >= SHORTEST_NUMBER
                : digits >= SHORTEST_GROUPED && !DOTTED.matcher(text).matches();
    }

    private static String mask(String text) {
        var digits =
                text.codePoints()
                        .filter(Character::isDigit)
                        .map(digit -> '0' + Character.digit(digit, 10))
                        .collect(
                                StringBuilder::new,
                                StringBuilder::appendCodePoint,
                                StringBuilder::append);
        return "…" + digits.substring(digits.length() - LEFT);
    }
}
