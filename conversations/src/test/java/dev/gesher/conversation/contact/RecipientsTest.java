package dev.gesher.conversation.contact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.contact.Recipients.Parsed;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RecipientsTest {
    private static Parsed parsed(String to) {
        return Recipients.parse(to, "IL");
    }

    private static Parsed number(String e164) {
        return new Parsed.Good(new Recipient.Phone(new PhoneNumber(e164)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "050-2345678",
                "0502345678",
                "502345678",
                "050.234.5678",
                "050/2345678",
                "050\u20112345678",
                "050\u20132345678",
                "٠٥٠٢٣٤٥٦٧٨",
                "\u200f050-2345678\u200e",
                "\u2068050-234-5678\u2069",
                "０５０２３４５６７８",
                "972502345678",
                "97250-234-5678",
                "+972-050-2345678",
                "+972 (0)50 234 5678",
                "(+972) 50-234-5678",
                "9720502345678",
                "00972502345678",
                "009720502345678",
                "012972502345678",
                "014972502345678"
            })
    void an_israeli_mobile_is_read_however_people_write_it(String written) {
        assertThat(parsed(written)).isEqualTo(number("+972502345678"));
    }

    @ParameterizedTest
    @CsvSource({
        "03-6234567, +97236234567",
        "077-2345678, +972772345678",
        "+1 650 253 0000, +16502530000",
        "050-1234567, +972501234567",
        "+970599123456, +970599123456"
    })
    void other_kinds_of_numbers_are_read_valid_or_not(String written, String e164) {
        assertThat(parsed(written)).isEqualTo(number(e164));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "''|recipient_required",
                "' \u200f '|recipient_required",
                "O502345678|recipient_has_letters",
                "דנה 0502345678|recipient_has_letters",
                "0502345678 דנה|recipient_has_letters",
                "0502345678,0522345678|recipient_several",
                "050-2345678 / 052-2345678|recipient_several",
                "0502345678/0522345678|recipient_several",
                "+972502345678 +972522345678|recipient_several",
                "(+972) 502345678 (+972) 522345678|recipient_several",
                "٠٥٠٢٣٤٥٦٧٨+972522345678|recipient_several",
                "0502345678/3|recipient_too_long",
                "050234567|recipient_too_short",
                "05023456789|recipient_too_long",
                "011972502345678|recipient_too_long",
                "0502345678;ext=3|recipient_has_extension",
                "0502345678 ext 5|recipient_has_extension",
                "0502345678 #5|recipient_has_extension",
                "*2700|recipient_too_short",
                "100|recipient_too_short",
                "1-800-123456|recipient_invalid",
                "++|recipient_invalid",
                "-|recipient_invalid"
            })
    void what_leaves_doubt_is_refused_with_the_reason(String written, String code) {
        assertThat(parsed(written)).isEqualTo(new Parsed.Bad(code));
    }

    @Test
    void a_number_without_country_belongs_to_the_tenants_region() {
        assertThat(Recipients.parse("650 253 0000", "US")).isEqualTo(number("+16502530000"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"IL.13491208655302741918", "US.ENT.11815799212886844830", "IL.a1B2"})
    void a_business_scoped_user_id_is_taken_as_it_is(String id) {
        assertThat(parsed(id)).isEqualTo(new Parsed.Good(new Recipient.UserId(id)));
    }
}
