package dev.gesher.conversation.media;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Optional;
import java.util.Random;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FileTypesTest {
    private final FileTypes types = new FileTypes();

    private String detect(byte[] bytes) {
        return types.detect(bytes, bytes.length);
    }

    private static byte[] hex(String hex) {
        return HexFormat.of().parseHex(hex + "00".repeat(64));
    }

    private static byte[] text(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Each documented type, by the first bytes of such a file. */
    @ParameterizedTest
    @CsvSource({
        "image/jpeg, ffd8ffe000104a46494600010100",
        "image/png, 89504e470d0a1a0a0000000d49484452",
        "image/webp, 524946462400000057454250565038200000",
        "video/mp4, 0000001866747970 6d70343200000000 6d703432 69736f6d",
        "video/mp4, 0000002066747970 69736f6d00000200 69736f6d 69736f32 61766331 6d703431",
        "video/3gpp, 0000001866747970 3367703400000000 33677034 69736f6d",
        "audio/mp4, 0000001866747970 4d34412000000000 4d344120 6d703432",
        "audio/mp4, 0000001866747970 6d70343200000000 6d703432 69736f6d",
        "audio/amr, 2321414d520a3c",
        "audio/aac, fff15080043ffc",
        "audio/aac, fff95080043ffc",
        "audio/mpeg, 49443303000000000f76",
        "audio/mpeg, fffb9064000000",
        "application/pdf, 255044462d312e370a",
        "application/msword, d0cf11e0a1b11ae1",
        "application/vnd.ms-excel, d0cf11e0a1b11ae1",
        "application/vnd.ms-powerpoint, d0cf11e0a1b11ae1"
    })
    void documented_types_are_what_they_are_said_to_be(String type, String first) {
        var detected = detect(hex(first.replace(" ", "")));

        assertThat(types.mismatch(Optional.of(type), detected)).as(detected).isFalse();
        assertThat(types.served(Optional.of(type), detected, false)).isEqualTo(type);
    }

    @Test
    void a_voice_message_is_ogg_with_opus() {
        byte[] ogg = new byte[200];
        System.arraycopy(text("OggS"), 0, ogg, 0, 4);
        System.arraycopy(text("OpusHead"), 0, ogg, 28, 8);

        var detected = detect(ogg);

        assertThat(types.mismatch(Optional.of("audio/ogg; codecs=opus"), detected))
                .as(detected)
                .isFalse();
    }

    @Test
    void office_files_of_today_are_zips_inside() throws Exception {
        var bytes = new ByteArrayOutputStream();
        try (var zip = new ZipOutputStream(bytes)) {
            zip.putNextEntry(new ZipEntry("[Content_Types].xml"));
            zip.write(text("<Types/>"));
            zip.closeEntry();
        }
        var detected = detect(bytes.toByteArray());

        for (var kind :
                new String[] {
                    "wordprocessingml.document",
                    "spreadsheetml.sheet",
                    "presentationml.presentation"
                }) {
            var said = Optional.of("application/vnd.openxmlformats-officedocument." + kind);
            assertThat(types.mismatch(said, detected)).as(detected).isFalse();
            assertThat(types.served(said, detected, false)).isEqualTo(said.get());
        }
        assertThat(types.mismatch(Optional.of("image/png"), detected)).isTrue();
    }

    @Test
    void texts_of_any_kind_are_texts() {
        var detected = detect(text("שם,טלפון\nדנה,050\n"));

        assertThat(detected).isEqualTo("text/plain");
        assertThat(types.mismatch(Optional.of("text/plain"), detected)).isFalse();
        assertThat(types.mismatch(Optional.of("text/csv; charset=utf-8"), detected)).isFalse();
        assertThat(types.mismatch(Optional.of("application/pdf"), detected)).isTrue();
        assertThat(types.mismatch(Optional.empty(), detected)).isFalse();
        assertThat(types.mismatch(Optional.of("no type at all"), detected)).isFalse();
    }

    @Test
    void noise_is_no_picture_but_may_be_anything_unmarked() {
        byte[] noise = new byte[1000];
        new Random(1).nextBytes(noise);
        var detected = detect(noise);

        assertThat(detected).isEqualTo("application/octet-stream");
        assertThat(types.mismatch(Optional.of("image/jpeg"), detected)).isTrue();
        assertThat(types.mismatch(Optional.of("application/vnd.some-cad"), detected)).isFalse();
    }

    @ParameterizedTest
    @CsvSource({
        "'<!DOCTYPE html><html><script>alert(1)</script></html>'",
        "'<html><body onload=alert(1)></body></html>'",
        "'<?xml version=\"1.0\"?><svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(1)</script></svg>'",
        "'<svg xmlns=\"http://www.w3.org/2000/svg\" onload=\"alert(1)\"></svg>'",
        "'<?xml version=\"1.0\"?><a/>'"
    })
    void what_a_browser_would_run_is_never_served_as_such(String content) {
        var detected = detect(text(content));

        for (var said : new String[] {"image/jpeg", "text/plain", "application/pdf"}) {
            boolean mismatch = types.mismatch(Optional.of(said), detected);
            assertThat(mismatch).as("%s as %s", detected, said).isTrue();
            assertThat(types.served(Optional.of(said), detected, mismatch))
                    .isEqualTo("application/octet-stream");
        }
        for (var said : new String[] {"text/html", "image/svg+xml", "text/javascript"}) {
            assertThat(
                            types.served(
                                    Optional.of(said),
                                    detected,
                                    types.mismatch(Optional.of(said), detected)))
                    .isEqualTo("application/octet-stream");
        }
    }

    @Test
    void what_is_another_thing_is_served_as_what_it_is() {
        var detected = detect(hex("89504e470d0a1a0a0000000d49484452"));

        assertThat(types.mismatch(Optional.of("application/pdf"), detected)).isTrue();
        assertThat(types.served(Optional.of("application/pdf"), detected, true))
                .isEqualTo("image/png");
    }

    @Test
    void file_names_get_the_usual_ending() {
        assertThat(types.ending("image/jpeg")).isEqualTo(".jpg");
        assertThat(types.ending("application/octet-stream")).isEqualTo(".bin");
        assertThat(types.ending("no type")).isEmpty();
    }
}
