package dev.gesher.whatsapp.account;

import dev.gesher.whatsapp.AccountNews.Told;
import java.util.List;

/**
 * What came of one piece of news.
 *
 * @param outcome as the meter counts it
 */
record Done(String outcome, List<Told> told) {
    /** Something newer is known. */
    static final Done OUTDATED = new Done("outdated", List.of());

    /** About another app, or an account or number that the tenant is not connected with. */
    static final Done NOT_OURS = new Done("not_ours", List.of());

    /** Kept, and nothing to tell. */
    static final Done KEPT = new Done("applied", List.of());

    static Done of(Told told) {
        return new Done("applied", List.of(told));
    }

    static Done of(List<Told> told) {
        return new Done("applied", List.copyOf(told));
    }
}
