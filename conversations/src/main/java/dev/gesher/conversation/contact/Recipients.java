package dev.gesher.conversation.contact;

import com.google.i18n.phonenumbers.NumberParseException;
import com.google.i18n.phonenumbers.PhoneNumberUtil;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberFormat;
import com.google.i18n.phonenumbers.PhoneNumberUtil.PhoneNumberType;
import com.google.i18n.phonenumbers.PhoneNumberUtil.ValidationResult;
import com.google.i18n.phonenumbers.Phonenumber;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import java.text.Normalizer;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.regex.Pattern;

/**
 * Reads whom a message is for from what people type. Lenient about spelling, strict about doubt: a
 * number that could be two, or that is a digit short, is refused with a code that says why.
 */
public final class Recipients {
    /** What came of reading. */
    public sealed interface Parsed {
        record Good(Recipient recipient) implements Parsed {}

        /**
         * @param code {@code recipient_required}, {@code recipient_invalid}, {@code
         *     recipient_several}, {@code recipient_has_letters}, {@code recipient_has_extension},
         *     {@code recipient_too_short} or {@code recipient_too_long}
         */
        record Bad(String code) implements Parsed {}
    }

    private static final PhoneNumberUtil NUMBERS = PhoneNumberUtil.getInstance();

    /** Meta's form since 2026: country, a dot, up to 128 letters and digits; ENT for a parent's. */
    private static final Pattern USER_ID =
            Pattern.compile("[A-Z]{2}\\.(ENT\\.)?[A-Za-z0-9]{1,128}");

    private static final Pattern INVISIBLE = Pattern.compile("\\p{Cf}");
    private static final Pattern LETTER = Pattern.compile("\\p{L}");
    private static final Pattern EXTENSION =
            Pattern.compile("(;\\s*ext|\\bext|[#x]\\s*\\d+\\s*$)", Pattern.CASE_INSENSITIVE);
    private static final Pattern SEPARATOR_OF_NUMBERS =
            Pattern.compile("[,;|\\n\\r\\t]|\\s/\\s|\\p{Nd}.*\\+");
    private static final int LONGEST = 64;
    private static final int ISRAEL = 972;
    private static final int SHORTEST_ISRAELI = 8;

    /** Toll-free and the like included. */
    private static final int LONGEST_ISRAELI = 10;

    /** E.164's 15 digits and a trunk or carrier prefix; what has more is two numbers. */
    private static final int LONGEST_WITH_PREFIXES = 18;

    private static final List<PhoneNumberType> TYPES =
            List.of(PhoneNumberType.MOBILE, PhoneNumberType.FIXED_LINE, PhoneNumberType.VOIP);

    private Recipients() {}

    /**
     * Reads a phone number as written in {@code region}, or a business-scoped user id.
     *
     * @param region ISO 3166-1, for numbers without a country code
     */
    public static Parsed parse(String to, String region) {
        var text = strip(to);
        if (text.isEmpty()) {
            return new Parsed.Bad("recipient_required");
        }
        if (USER_ID.matcher(text).matches()) {
            return new Parsed.Good(new Recipient.UserId(text));
        }
        if (EXTENSION.matcher(text).find()) {
            return new Parsed.Bad("recipient_has_extension");
        }
        if (LETTER.matcher(text).find()) {
            return new Parsed.Bad("recipient_has_letters");
        }
        if (SEPARATOR_OF_NUMBERS.matcher(text).find()) {
            return new Parsed.Bad("recipient_several");
        }
        return text.length() > LONGEST
                ? new Parsed.Bad("recipient_too_long")
                : number(text, region);
    }

    private static Parsed number(String text, String region) {
        Phonenumber.PhoneNumber number;
        try {
            number = NUMBERS.parse(text, region.toUpperCase(Locale.ROOT));
        } catch (NumberParseException e) {
            return switch (e.getErrorType()) {
                case TOO_SHORT_AFTER_IDD, TOO_SHORT_NSN -> new Parsed.Bad("recipient_too_short");
                case TOO_LONG -> tooLong(text);
                case NOT_A_NUMBER, INVALID_COUNTRY_CODE -> new Parsed.Bad("recipient_invalid");
            };
        }
        if (number.hasExtension()) {
            return new Parsed.Bad("recipient_has_extension");
        }
        var types = types(number);
        return types.isEmpty() ? ofNoKind(number, text) : ofKinds(number, types, text);
    }

    private static Parsed ofKinds(
            Phonenumber.PhoneNumber number, List<PhoneNumberType> types, String text) {
        var found = EnumSet.noneOf(ValidationResult.class);
        for (var type : types) {
            found.add(NUMBERS.isPossibleNumberForTypeWithReason(number, type));
        }
        if (found.contains(ValidationResult.IS_POSSIBLE)) {
            var e164 = NUMBERS.format(number, PhoneNumberFormat.E164);
            return PhoneNumber.isE164(e164)
                    ? new Parsed.Good(new Recipient.Phone(new PhoneNumber(e164)))
                    : new Parsed.Bad("recipient_invalid");
        }
        if (found.contains(ValidationResult.TOO_LONG)) {
            return tooLong(text);
        }
        return new Parsed.Bad(
                found.contains(ValidationResult.TOO_SHORT)
                        ? "recipient_too_short"
                        : "recipient_invalid");
    }

    /** Short codes, toll-free numbers and foreign prefixes: the length may say what is wrong. */
    private static Parsed ofNoKind(Phonenumber.PhoneNumber number, String text) {
        int digits = NUMBERS.getNationalSignificantNumber(number).length();
        if (digits < SHORTEST_ISRAELI) {
            return new Parsed.Bad("recipient_too_short");
        }
        return digits > LONGEST_ISRAELI ? tooLong(text) : new Parsed.Bad("recipient_invalid");
    }

    /**
     * Which kinds of number it may be. An Israeli mobile that lacks a digit has the length of a
     * landline, so there the first digit tells the kind.
     */
    private static List<PhoneNumberType> types(Phonenumber.PhoneNumber number) {
        if (number.getCountryCode() != ISRAEL) {
            return TYPES;
        }
        return switch (NUMBERS.getNationalSignificantNumber(number).charAt(0)) {
            case '5' -> List.of(PhoneNumberType.MOBILE);
            case '7' -> List.of(PhoneNumberType.VOIP);
            case '2', '3', '4', '8', '9' -> List.of(PhoneNumberType.FIXED_LINE);
            default -> List.of();
        };
    }

    private static Parsed.Bad tooLong(String text) {
        long digits = text.chars().filter(Character::isDigit).count();
        return new Parsed.Bad(
                digits > LONGEST_WITH_PREFIXES ? "recipient_several" : "recipient_too_long");
    }

    /** Compatibility forms to plain ones, marks of direction and the like away. */
    private static String strip(String to) {
        var plain = Normalizer.normalize(to, Normalizer.Form.NFKC);
        return INVISIBLE.matcher(plain).replaceAll("").strip();
    }
}
