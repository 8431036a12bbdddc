package dev.gesher.whatsapp.graph;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Reads Graph's lists page by page. */
public final class GraphPages {
    private static final int MAX_PAGES = 20;

    private GraphPages() {}

    /** What came of reading a list. */
    public sealed interface Listing {
        /** The items of all pages. */
        record Items(List<JsonNode> items) implements Listing {}

        /** The first page that could not be read. */
        record Failed(GraphReply reply) implements Listing {}
    }

    /**
     * Reads at most {@value #MAX_PAGES} pages.
     *
     * @param page reads the page after a cursor, or the first one for null
     */
    public static Listing all(Function<@Nullable String, GraphReply> page) {
        var items = new ArrayList<JsonNode>();
        String after = null;
        for (int i = 0; i < MAX_PAGES; i++) {
            var reply = page.apply(after);
            if (!(reply instanceof GraphReply.Success(var body))) {
                return new Listing.Failed(reply);
            }
            body.path("data").forEach(items::add);
            after = body.path("paging").path("cursors").path("after").textValue();
            if (after == null || !body.path("paging").hasNonNull("next")) {
                break;
            }
        }
        return new Listing.Items(List.copyOf(items));
    }
}
