package dev.gesher.app.media;

import static org.assertj.core.api.Assertions.assertThat;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class AttachmentTest {
    @Test
    void a_hebrew_name_is_told_twice() {
        assertThat(Attachment.header("חוזה 17.pdf"))
                .isEqualTo(
                        "attachment; filename=\"____ 17.pdf\"; filename*=UTF-8''%D7%97%D7%95%D7%96%D7%94%2017.pdf");
    }

    @Test
    void names_lead_nowhere_and_hide_nothing() {
        assertThat(Attachment.header("../../etc/passwd")).contains("filename=\"_.._etc_passwd\"");
        assertThat(Attachment.header("C:\\x\"y.txt")).contains("filename=\"C__x_y.txt\"");
        assertThat(Attachment.header("a\r\nSet-Cookie: b=c"))
                .contains("filename=\"aSet-Cookie_ b=c\"");
        // A right-to-left override would show exe.pdf.
        assertThat(Attachment.header("fdp\u202e.exe")).contains("filename=\"fdp.exe\"");
        assertThat(Attachment.header("\u200f..")).contains("filename=\"file\"");
        assertThat(Attachment.header("x".repeat(500) + ".pdf"))
                .contains("\"" + "x".repeat(146) + ".pdf\"");
    }

    @Property(tries = 500)
    void any_name_is_a_header(@ForAll String name) {
        var header = Attachment.header(name);

        assertThat(header).matches("[\\x20-\\x7e]+");
        assertThat(header)
                .matches(
                        "attachment; filename=\"[^\"/\\\\]+\"; filename\\*=UTF-8''[A-Za-z0-9._~%-]+");
    }
}
