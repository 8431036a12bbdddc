package dev.gesher.whatsapp.graph;

import java.time.LocalDate;
import java.util.List;
import java.util.Optional;

/**
 * What differs between versions of Graph, and when Meta retires each. Source: <a
 * href="https://developers.facebook.com/docs/graph-api/changelog">Graph's changelog</a>.
 */
final class GraphVersions {
    private static final String PHONE_FIELDS =
            "id,display_phone_number,verified_name,status,quality_rating,name_status,"
                    + "code_verification_status,platform_type,throughput,account_mode,"
                    + "is_on_biz_app,is_pin_enabled,";

    private static final List<Version> VERSIONS =
            List.of(
                    before24("v20.0", LocalDate.of(2026, 9, 24)),
                    before24("v21.0", LocalDate.of(2027, 1, 21)),
                    before24("v22.0", LocalDate.of(2027, 5, 20)),
                    before24("v23.0", LocalDate.of(2027, 10, 8)),
                    since24("v24.0", Optional.of(LocalDate.of(2028, 2, 18))),
                    since24("v25.0", Optional.of(LocalDate.of(2028, 7, 29))),
                    since24("v26.0", Optional.empty()));

    private GraphVersions() {}

    /** The version named {@code name}, if it is known. */
    public static Optional<Version> find(String name) {
        return VERSIONS.stream().filter(version -> version.name().equals(name)).findFirst();
    }

    /** The version to read fields by: an unknown one is taken for the newest known. */
    static Version orNewest(String name) {
        return find(name).orElse(VERSIONS.getLast());
    }

    private static Version before24(String name, LocalDate until) {
        return new Version(name, Optional.of(until), PHONE_FIELDS + "messaging_limit_tier");
    }

    private static Version since24(String name, Optional<LocalDate> until) {
        // The number's own tier only mirrors the portfolio's limit from here on.
        return new Version(name, until, PHONE_FIELDS + "whatsapp_business_manager_messaging_limit");
    }

    /**
     * A version.
     *
     * @param until the last day on which Meta serves it; empty while none is announced
     * @param phoneFields what to ask of a phone number
     */
    public record Version(String name, Optional<LocalDate> until, String phoneFields) {}
}
