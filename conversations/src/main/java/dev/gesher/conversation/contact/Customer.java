package dev.gesher.conversation.contact;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.InboundSignal.Person;
import dev.gesher.whatsapp.PhoneNumber;
import dev.gesher.whatsapp.Recipient;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A customer as named by a request or a webhook: at least one of number and user id is there.
 *
 * @param phone in E.164
 * @param userId business-scoped
 * @param dialled the number that a message was sent to which Meta says went to {@code phone}
 * @param at when they were seen so, by Meta's clock
 * @param seenBy the business number that saw them; empty for a request
 * @param before what they went by until {@code at}
 */
public record Customer(
        TenantId tenant,
        Optional<String> phone,
        Optional<String> userId,
        Optional<String> dialled,
        Instant at,
        Optional<String> seenBy,
        Optional<Before> before) {
    public Customer {
        if (phone.isEmpty() && userId.isEmpty()) {
            throw new IllegalArgumentException("a customer without an address");
        }
    }

    /**
     * What somebody went by before.
     *
     * @param numberLeft whether the number is theirs no more
     */
    public record Before(Optional<String> phone, Optional<String> userId, boolean numberLeft) {}

    /** The customer a message goes to. */
    public static Customer of(TenantId tenant, Recipient recipient, Instant now) {
        var phone =
                recipient instanceof Recipient.Phone(var number)
                        ? Optional.of(number.e164())
                        : Optional.<String>empty();
        var userId =
                recipient instanceof Recipient.UserId(var id)
                        ? Optional.of(id)
                        : Optional.<String>empty();
        return new Customer(
                tenant, phone, userId, Optional.empty(), now, Optional.empty(), Optional.empty());
    }

    /** The customer a webhook names, as the number {@code seenBy} saw them. */
    public static Customer of(TenantId tenant, Person person, Instant at, String seenBy) {
        return new Customer(
                tenant,
                person.phone().map(PhoneNumber::e164),
                person.userId(),
                Optional.empty(),
                at,
                Optional.of(seenBy),
                Optional.empty());
    }

    /** The same, who is known by what they went by before, too. */
    public Customer was(Before earlier) {
        return new Customer(tenant, phone, userId, dialled, at, seenBy, Optional.of(earlier));
    }

    /** The same, as the one a message to {@code number} went to. */
    public Customer dialledAs(String number) {
        return new Customer(tenant, phone, userId, Optional.of(number), at, seenBy, before);
    }

    Optional<Address> byPhone() {
        return phone.map(this::phoneAddress);
    }

    Optional<Address> byUserId() {
        return userId.map(this::userAddress);
    }

    Address phoneAddress(String number) {
        return new Address(tenant, "phone", number);
    }

    Address userAddress(String id) {
        return new Address(tenant, "user_id", id);
    }

    /** Other numbers that certainly lead to the same person. */
    List<Address> spellings() {
        var others = new ArrayList<Address>(2);
        dialled.filter(number -> !phone.equals(Optional.of(number)))
                .map(this::phoneAddress)
                .ifPresent(others::add);
        phone.flatMap(Aliases::of).map(this::phoneAddress).ifPresent(others::add);
        return others;
    }

    /** Numbers of people who may be the same. */
    List<Address> suspects() {
        return phone.stream()
                .flatMap(number -> Aliases.suspects(number).stream())
                .map(this::phoneAddress)
                .toList();
    }

    /** All addresses that say who this is. */
    List<Address> addresses() {
        var all = new ArrayList<Address>(4);
        byPhone().ifPresent(all::add);
        byUserId().ifPresent(all::add);
        all.addAll(spellings());
        before.ifPresent(was -> {
            was.phone().map(this::phoneAddress).ifPresent(all::add);
            was.userId().map(this::userAddress).ifPresent(all::add);
        });
        return all;
    }

    @Override
    public String toString() {
        return "customer of " + tenant;
    }

    record Address(TenantId tenant, String kind, String value) {
        boolean isPhone() {
            return kind.equals("phone");
        }
    }
}
