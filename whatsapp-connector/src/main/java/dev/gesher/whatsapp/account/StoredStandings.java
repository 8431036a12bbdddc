package dev.gesher.whatsapp.account;

import dev.gesher.tenant.db.Row;
import dev.gesher.tenant.db.Tx;
import dev.gesher.whatsapp.TemplateStandings;
import dev.gesher.whatsapp.WhatsAppClient.TemplateVariant;
import jakarta.inject.Singleton;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Standings as rows of {@code whatsapp_templates}. */
@Singleton
final class StoredStandings implements TemplateStandings {
    @Override
    public Told find(Tx tx, Collection<Key> keys) throws SQLException {
        if (keys.isEmpty()) {
            return (key, listed) -> listed;
        }
        var all = List.copyOf(keys);
        var told =
                tx
                        .query(
                                """
                                SELECT t.tenant_id, t.waba_id, t.name, t.language,
                                       t.status, t.status_at, t.category, t.category_at
                                FROM unnest(?, ?, ?) AS n(tenant_id, waba_id, name)
                                JOIN whatsapp_templates t
                                    ON t.tenant_id = n.tenant_id AND t.waba_id = n.waba_id AND t.name = n.name
                                """,
                                Standing::of,
                                Tx.tenants(all.stream().map(Key::tenant).toList()),
                                Tx.texts(all.stream().map(Key::wabaId).toList()),
                                Tx.texts(all.stream().map(Key::name).toList()))
                        .stream()
                        .collect(Collectors.groupingBy(Standing::key));
        return (key, listed) -> since(told, key, listed);
    }

    /** A template that was deleted and made anew has another id: the newest word counts. */
    private record Standing(
            Key key,
            String language,
            @Nullable String status,
            @Nullable Instant statusAt,
            @Nullable String category,
            @Nullable Instant categoryAt) {
        static Standing of(Row row) throws SQLException {
            return new Standing(
                    new Key(row.tenant(), row.text("waba_id"), row.text("name")),
                    row.text("language"),
                    row.nullableText("status"),
                    row.nullableInstant("status_at"),
                    row.nullableText("category"),
                    row.nullableInstant("category_at"));
        }
    }

    private static List<TemplateVariant> since(
            Map<TemplateStandings.Key, List<Standing>> told,
            TemplateStandings.Key key,
            List<TemplateVariant> listed) {
        var standings = told.getOrDefault(key, List.of());
        return standings.isEmpty()
                ? listed
                : listed.stream().map(variant -> since(standings, variant)).toList();
    }

    private static TemplateVariant since(List<Standing> standings, TemplateVariant listed) {
        var status = newest(standings, listed, Standing::statusAt, Standing::status);
        var category = newest(standings, listed, Standing::categoryAt, Standing::category);
        return new TemplateVariant(
                listed.name(),
                listed.language(),
                status == null ? listed.status() : status,
                category == null ? listed.category() : category,
                listed.parameterFormat(),
                listed.readAt());
    }

    /** Meta's times are whole seconds: what was told in the second of the list is newer. */
    private static @Nullable String newest(
            List<Standing> standings,
            TemplateVariant listed,
            Function<Standing, @Nullable Instant> time,
            Function<Standing, @Nullable String> value) {
        var read = listed.readAt().truncatedTo(ChronoUnit.SECONDS);
        record Word(Instant at, String value) {}
        return standings.stream()
                .filter(standing -> standing.language().equals(listed.language()))
                .flatMap(standing -> {
                    var at = time.apply(standing);
                    var said = value.apply(standing);
                    return at == null || said == null || at.isBefore(read)
                            ? Stream.<Word>empty()
                            : Stream.of(new Word(at, said));
                })
                .max(Comparator.comparing(Word::at).thenComparing(Word::value))
                .map(Word::value)
                .orElse(null);
    }
}
