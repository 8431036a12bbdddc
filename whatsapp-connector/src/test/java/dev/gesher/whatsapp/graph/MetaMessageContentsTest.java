package dev.gesher.whatsapp.graph;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.whatsapp.MessageContent;
import dev.gesher.whatsapp.MessageContent.Image;
import dev.gesher.whatsapp.MessageContent.Parameter;
import dev.gesher.whatsapp.MessageContent.Template;
import dev.gesher.whatsapp.MessageContent.Text;
import dev.gesher.whatsapp.MessageContents.Parsed;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MetaMessageContentsTest {
    private final MetaMessageContents contents = new MetaMessageContents();

    @Test
    void reads_text_as_meta_writes_it() {
        assertGood(
                "{'type':'text','text':{'body':'שלום דנה','preview_url':true}}",
                new Text("שלום דנה", true));
        assertGood("{'text':{'body':'hi'}}", new Text("hi", false));
        assertGood(
                "{'messaging_product':'whatsapp','recipient_type':'individual','type':'text','text':{'body':'hi'}}",
                new Text("hi", false));
    }

    @Test
    void reads_an_image_by_id_or_link() {
        assertGood(
                "{'type':'image','image':{'id':'12','caption':'c'}}", new Image("12", null, "c"));
        assertGood(
                "{'type':'image','image':{'link':'https://example.org/ש.jpg'}}",
                new Image(null, "https://example.org/ש.jpg", null));
    }

    @Test
    void reads_metas_template_object() {
        assertGood(
                """
                {'type':'template','template':{'name':'order_update','language':{'policy':'deterministic','code':'he'},
                 'components':[{'type':'body','parameters':[{'type':'text','parameter_name':'first_name','text':'דנה'}]}]}}
                """,
                new Template(
                        "order_update",
                        Optional.of("he"),
                        List.of(),
                        Optional.of(
                                "[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"parameter_name\":\"first_name\",\"text\":\"דנה\"}]}]")));
    }

    @Test
    void reads_the_short_template_form_with_named_or_positional_parameters() {
        assertThat(
                        template(
                                "{'name':'order_update','parameters':{'order_id':17,'first_name':'דנה'}}"))
                .isEqualTo(
                        new Parsed.Good(
                                new Template(
                                        "order_update",
                                        Optional.empty(),
                                        List.of(
                                                new Parameter("order_id", "17"),
                                                new Parameter("first_name", "דנה")),
                                        Optional.empty())));
        assertThat(template("{'name':'a','language':'en-US','parameters':['x','y']}"))
                .isEqualTo(
                        new Parsed.Good(
                                new Template(
                                        "a",
                                        Optional.of("en_US"),
                                        List.of(new Parameter("", "x"), new Parameter("", "y")),
                                        Optional.empty())));
    }

    @Test
    void empty_components_are_none() {
        assertThat(template("{'name':'a','components':[]}"))
                .isEqualTo(
                        new Parsed.Good(
                                new Template("a", Optional.empty(), List.of(), Optional.empty())));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = ';',
            value = {
                "null; required; /content",
                "[]; invalid; /content",
                "{\"type\":\"text\"}; required; /content/text",
                "{\"type\":\"text\",\"text\":\"x\"}; invalid; /content/text",
                "{\"type\":\"text\",\"text\":{}}; required; /content/text/body",
                "{\"type\":\"text\",\"text\":{\"body\":\"  \"}}; required; /content/text/body",
                "{\"type\":\"text\",\"text\":{\"body\":5}}; invalid; /content/text/body",
                "{\"type\":\"text\",\"text\":{\"body\":\"x\",\"preview_url\":\"yes\"}}; invalid; /content/text/preview_url",
                "{\"type\":\"text\",\"text\":{\"body\":\"x\"},\"context\":{\"message_id\":\"w\"}}; invalid; /content/context",
                "{\"type\":\"text\",\"text\":{\"body\":\"x\",\"a/b~c\":1}}; invalid; /content/text/a~1b~0c",
                "{\"type\":\"video\",\"video\":{\"id\":\"1\"}}; unsupported_type; /content/type",
                "{\"type\":7}; invalid; /content/type",
                "{\"type\":\"image\",\"image\":{}}; required; /content/image/id",
                "{\"type\":\"image\",\"image\":{\"id\":\"1\",\"link\":\"https://a.b/c\"}}; invalid; /content/image/link",
                "{\"type\":\"image\",\"image\":{\"link\":\"http://a.b/c\"}}; invalid; /content/image/link",
                "{\"type\":\"image\",\"image\":{\"link\":\"javascript:x\"}}; invalid; /content/image/link",
                "{\"type\":\"image\",\"image\":{\"link\":\"https:///x\"}}; invalid; /content/image/link",
                "{\"type\":\"template\",\"template\":{}}; required; /content/template/name",
                "{\"type\":\"template\",\"template\":{\"name\":\"Order Update\"}}; invalid; /content/template/name",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"language\":{}}}; required; /content/template/language/code",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"language\":\"Hebrew!\"}}; invalid; /content/template/language",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"language\":{\"policy\":\"fallback\",\"code\":\"he\"}}}; invalid; /content/template/language/policy",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":[],\"components\":[]}}; invalid; /content/template/parameters",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":\"x\"}}; invalid; /content/template/parameters",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":[\"x\",{}]}}; invalid; /content/template/parameters/1",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":[\"\"]}}; required; /content/template/parameters/0",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":[\"a\\nb\"]}}; invalid; /content/template/parameters/0",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":[\"a     b\"]}}; invalid; /content/template/parameters/0",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"parameters\":{\"שם\":\"x\"}}}; invalid; /content/template/parameters/שם",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"components\":[{}]}}; required; /content/template/components/0/type",
                "{\"type\":\"template\",\"template\":{\"name\":\"a\",\"components\":[{\"type\":\"body\",\"parameters\":[{\"type\":\"text\",\"text\":\"\"}]}]}}; required; /content/template/components/0/parameters/0/text"
            })
    void points_at_what_is_wrong(String json, String code, String pointer) throws Exception {
        assertThat(contents.content(GraphHttp.JSON.readTree(json), "/content"))
                .isEqualTo(new Parsed.Bad(code, pointer, 0, 0));
    }

    @Test
    void holds_to_metas_sizes_in_utf_16_units() {
        assertThat(content("{'type':'text','text':{'body':'" + "א".repeat(4096) + "'}}"))
                .isInstanceOf(Parsed.Good.class);
        assertThat(content("{'type':'text','text':{'body':'" + "א".repeat(4097) + "'}}"))
                .isEqualTo(new Parsed.Bad("too_long", "/content/text/body", 4096, 4097));
        assertThat(content("{'type':'text','text':{'body':'" + "😀".repeat(2049) + "'}}"))
                .isEqualTo(new Parsed.Bad("too_long", "/content/text/body", 4096, 4098));
        assertThat(
                        content(
                                "{'type':'image','image':{'id':'1','caption':'"
                                        + "x".repeat(1025)
                                        + "'}}"))
                .isEqualTo(new Parsed.Bad("too_long", "/content/image/caption", 1024, 1025));
        assertThat(template("{'name':'" + "a".repeat(513) + "'}"))
                .isEqualTo(new Parsed.Bad("too_long", "/template/name", 512, 513));
    }

    @Test
    void what_is_stored_comes_back_as_it_was() {
        for (MessageContent content :
                List.of(
                        new Text("שלום \"דנה\"\n😀", true),
                        new Image("1", null, null),
                        new Image(null, "https://a.b/c", "cap"),
                        new Template("a", Optional.empty(), List.of(), Optional.empty()),
                        new Template(
                                "a",
                                Optional.of("he"),
                                List.of(new Parameter("b", "ג"), new Parameter("a", "ד")),
                                Optional.empty()),
                        new Template(
                                "a",
                                Optional.of("he"),
                                List.of(new Parameter("", "2"), new Parameter("", "1")),
                                Optional.empty()),
                        new Template(
                                "a",
                                Optional.of("he"),
                                List.of(),
                                Optional.of("[{\"type\":\"header\"}]")))) {
            assertThat(contents.fromJson(contents.toJson(content))).isEqualTo(content);
        }
    }

    @Test
    void content_prints_no_text() {
        assertThat(new Parsed.Good(new Text("secret words", false)).toString())
                .doesNotContain("secret");
    }

    private void assertGood(String json, MessageContent expected) {
        assertThat(content(json)).isEqualTo(new Parsed.Good(expected));
    }

    private Parsed content(String json) {
        return contents.content(read(json), "/content");
    }

    private Parsed template(String json) {
        return contents.template(read(json), "/template");
    }

    private static com.fasterxml.jackson.databind.JsonNode read(String json) {
        try {
            return GraphHttp.JSON.readTree(json.replace('\'', '"'));
        } catch (com.fasterxml.jackson.core.JsonProcessingException e) {
            throw new AssertionError(e);
        }
    }
}
