package dev.gesher.conversation.contact;

import static org.assertj.core.api.Assertions.assertThat;

import dev.gesher.conversation.contact.Customer.Address;
import dev.gesher.conversation.contact.Identities.ContactKey;
import dev.gesher.conversation.contact.Identities.Link;
import dev.gesher.tenant.TenantId;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;

/** Who customers are does not depend on the order in which Meta tells of them. */
class IdentitiesPropertyTest {
    private static final TenantId TENANT = new TenantId(new UUID(1, 1));
    private static final Instant START = Instant.parse("2026-03-01T10:00:00Z");

    /** Rows as the database keeps them. */
    private static final class Rows {
        private final Map<Address, Link> links = new HashMap<>();
        private final Map<ContactKey, ContactKey> merged = new HashMap<>();

        /** Who they are, by the time. */
        List<ContactKey> resolve(List<Customer> customers) {
            var identities = Identities.of(customers, links, true);
            for (var union : identities.unions()) {
                links.replaceAll((address, link) ->
                        link.contact().equals(union.from()) ? link.of(union.into()) : link);
                merged.put(union.from(), union.into());
            }
            links.putAll(identities.written());
            return customers.stream().map(identities::contact).toList();
        }

        ContactKey now(ContactKey contact) {
            var key = contact;
            while (merged.containsKey(key)) {
                key = merged.get(key);
            }
            return key;
        }
    }

    private static Customer seen(String phone, String userId, int second) {
        return new Customer(
                TENANT,
                Optional.of(phone).filter(p -> !p.isEmpty()),
                Optional.of(userId).filter(id -> !id.isEmpty()),
                Optional.empty(),
                START.plusSeconds(second),
                Optional.of("1"),
                Optional.empty());
    }

    /** All that Meta tells of one person who changes their number once. */
    private static List<Customer> story(int person) {
        var phone = "+97250234560" + person;
        var next = "+97252234560" + person;
        var user = "IL.1" + person;
        var nextUser = "IL.2" + person;
        return List.of(
                seen(phone, "", 1),
                seen("", user, 2),
                seen(phone, user, 3),
                seen(next, nextUser, 10)
                        .was(new Customer.Before(Optional.of(phone), Optional.of(user), true)),
                seen(next, "", 11),
                seen("", nextUser, 12),
                seen(next, nextUser, 13));
    }

    @Property
    void a_person_is_one_contact_and_no_other_persons(
            @ForAll Random random, @ForAll @IntRange(min = 1, max = 4) int people) {
        var told = new ArrayList<Customer>();
        var whose = new HashMap<Customer, Integer>();
        for (int person = 0; person < people; person++) {
            for (var each : story(person)) {
                told.add(each);
                whose.put(each, person);
            }
        }
        told.addAll(told.subList(0, random.nextInt(told.size())));
        Collections.shuffle(told, random);

        var rows = new Rows();
        var contacts = new HashMap<Integer, Set<ContactKey>>();
        int from = 0;
        while (from < told.size()) {
            int to = Math.min(told.size(), from + 1 + random.nextInt(4));
            var batch = List.copyOf(told.subList(from, to));
            var keys = rows.resolve(batch);
            for (int i = 0; i < batch.size(); i++) {
                contacts.computeIfAbsent(
                                whose.getOrDefault(batch.get(i), -1), ignored -> new HashSet<>())
                        .add(keys.get(i));
            }
            from = to;
        }

        var all = new HashSet<ContactKey>();
        contacts.forEach((person, keys) -> {
            var now = new HashSet<ContactKey>();
            keys.forEach(key -> now.add(rows.now(key)));
            assertThat(now).as("contacts of one person").hasSize(1);
            all.addAll(now);
        });
        assertThat(all).hasSize(people);
    }

    @Property
    void who_gets_a_number_after_somebody_never_gets_their_history(@ForAll Random random) {
        var told =
                new ArrayList<>(
                        List.of(
                                seen("+972502345678", "IL.1", 1),
                                seen("+972502345678", "IL.1", 2),
                                seen("", "IL.1", 3),
                                seen("+972502345678", "IL.2", 10),
                                seen("", "IL.2", 11),
                                seen("+972502345678", "IL.2", 12)));
        Collections.shuffle(told, random);

        var rows = new Rows();
        told.forEach(each -> rows.resolve(List.of(each)));

        assertThat(rows.merged).isEmpty();
        var last = rows.resolve(List.of(seen("+972502345678", "", 13)));
        assertThat(last).isEqualTo(rows.resolve(List.of(seen("", "IL.2", 13))));
        assertThat(last).isNotEqualTo(rows.resolve(List.of(seen("", "IL.1", 13))));
    }
}
