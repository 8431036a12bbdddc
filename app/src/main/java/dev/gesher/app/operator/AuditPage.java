package dev.gesher.app.operator;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import dev.gesher.tenant.AuditTrail;
import dev.gesher.tenant.Page;
import io.micronaut.serde.annotation.Serdeable;
import io.swagger.v3.oas.annotations.media.Schema;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A page of the audit trail. */
@Serdeable
@JsonInclude(JsonInclude.Include.ALWAYS)
record AuditPage(
        List<Entry> data,
        @JsonProperty("next_cursor") @JsonInclude(JsonInclude.Include.ALWAYS)
                @Nullable String nextCursor) {
    /** Who did what, and with what. */
    @Serdeable
    @Schema(name = "AuditEntry")
    record Entry(
            Instant at, String actor, String action, String object, Map<String, String> detail) {}

    static AuditPage of(Page<AuditTrail.Entry> page) {
        return new AuditPage(
                page.data().stream()
                        .map(it ->
                                new Entry(
                                        it.at(), it.actor(), it.action(), it.object(), it.detail()))
                        .toList(),
                page.nextCursor().orElse(null));
    }
}
