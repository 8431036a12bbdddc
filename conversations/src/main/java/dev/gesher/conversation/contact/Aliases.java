package dev.gesher.conversation.contact;

import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Other spellings of one phone number: where a country changed its plan, WhatsApp goes on knowing
 * old accounts by what they signed up with, whatever is dialled today. Only where both spellings
 * are certainly one line; an Argentine mobile without its 9 may be somebody's landline, so there
 * only Meta's own word joins two.
 */
final class Aliases {
    private static final Pattern MEXICO = Pattern.compile("\\+52(1?)(\\d{10})");

    /** Mobiles begin with 6 to 9; their ninth digit came later than many accounts. */
    private static final Pattern BRAZIL = Pattern.compile("\\+55(\\d{2})(9?)([6-9]\\d{7})");

    private static final Pattern BENIN = Pattern.compile("\\+229(01)?(\\d{8})");
    private static final Pattern PALESTINE = Pattern.compile("\\+97([02])(5[69]\\d{7})");

    private Aliases() {}

    /** The other spelling of {@code e164}, of the same line. */
    static Optional<String> of(String e164) {
        var mexico = MEXICO.matcher(e164);
        if (mexico.matches()) {
            return Optional.of("+52" + (mexico.group(1).isEmpty() ? "1" : "") + mexico.group(2));
        }
        var brazil = BRAZIL.matcher(e164);
        if (brazil.matches()) {
            var nine = brazil.group(2).isEmpty() ? "9" : "";
            return Optional.of("+55" + brazil.group(1) + nine + brazil.group(3));
        }
        var benin = BENIN.matcher(e164);
        if (benin.matches()) {
            return Optional.of("+229" + (benin.group(1) == null ? "01" : "") + benin.group(2));
        }
        return Optional.empty();
    }

    /**
     * Numbers that often, not always, reach the same person: what one of them does not want is not
     * sent to the other, and no history is joined.
     */
    static List<String> suspects(String e164) {
        var palestine = PALESTINE.matcher(e164);
        return palestine.matches()
                ? List.of("+97" + (palestine.group(1).equals("0") ? "2" : "0") + palestine.group(2))
                : List.of();
    }
}
