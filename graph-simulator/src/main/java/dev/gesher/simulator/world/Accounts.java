package dev.gesher.simulator.world;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.time.Clock;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentSkipListMap;

/** All WhatsApp Business Accounts and their numbers. */
public final class Accounts {
    private final Ids ids;
    private final Clock clock;
    private final ConcurrentSkipListMap<String, Waba> wabas = new ConcurrentSkipListMap<>();
    private final ConcurrentHashMap<String, BusinessNumber> numbers = new ConcurrentHashMap<>();

    Accounts(Ids ids, Clock clock) {
        this.ids = ids;
        this.clock = clock;
    }

    /**
     * Makes an account; an id or a display number that is taken is an {@link
     * IllegalArgumentException}.
     */
    public synchronized Waba create(BusinessSpec spec) {
        var wabaId = spec.wabaId() == null ? ids.node() : spec.wabaId();
        var businessId = spec.businessId() == null ? ids.node() : spec.businessId();
        if (wabas.containsKey(wabaId)) {
            throw new IllegalArgumentException("WABA " + wabaId + " exists already");
        }
        var waba = new Waba(wabaId, businessId, spec.name());
        if (!spec.withoutStandardTemplates()) {
            StandardTemplates.all().forEach(template -> waba.put(template, ids.node()));
        }
        Optional.ofNullable(spec.templates())
                .orElse(List.of())
                .forEach(t -> waba.put(t, ids.node()));
        wabas.put(wabaId, waba);
        Optional.ofNullable(spec.numbers())
                .orElse(List.of())
                .forEach(number -> addNumber(waba, number));
        return waba;
    }

    public synchronized BusinessNumber addNumber(Waba waba, NumberSpec spec) {
        var id = spec.id() == null ? ids.node() : spec.id();
        if (numbers.containsKey(id)) {
            throw new IllegalArgumentException("phone number id " + id + " exists already");
        }
        var number = new BusinessNumber(id, waba.id(), waba.name(), spec, clock);
        numbers.put(id, number);
        waba.add(number);
        return number;
    }

    public Template putTemplate(Waba waba, ObjectNode template) {
        return waba.put(template, ids.node());
    }

    public Collection<Waba> all() {
        return List.copyOf(wabas.values());
    }

    public Optional<Waba> waba(String id) {
        return Optional.ofNullable(wabas.get(id));
    }

    public Optional<BusinessNumber> number(String id) {
        return Optional.ofNullable(numbers.get(id));
    }

    /** The account of a number. */
    public Waba wabaOf(BusinessNumber number) {
        return waba(number.wabaId()).orElseThrow();
    }

    public Optional<Template> template(String id) {
        return all().stream()
                .flatMap(waba -> waba.templates().stream())
                .filter(template -> template.id().equals(id))
                .findFirst();
    }

    void clear() {
        wabas.clear();
        numbers.clear();
    }
}
