package dev.gesher.conversation.contact;

import dev.gesher.tenant.TenantId;
import dev.gesher.whatsapp.Recipient;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * A customer as named by a request or a webhook: at least one of number and user id is there.
 *
 * @param phone in E.164
 * @param userId business-scoped
 */
public record Customer(TenantId tenant, Optional<String> phone, Optional<String> userId) {
    public Customer {
        if (phone.isEmpty() && userId.isEmpty()) {
            throw new IllegalArgumentException("a customer without an address");
        }
    }

    /** The customer a message goes to. */
    public static Customer of(TenantId tenant, Recipient recipient) {
        return switch (recipient) {
            case Recipient.Phone(var number) ->
                    new Customer(tenant, Optional.of(number.e164()), Optional.empty());
            case Recipient.UserId(var id) ->
                    new Customer(tenant, Optional.empty(), Optional.of(id));
        };
    }

    /** The number first: it decides when number and user id are known as two contacts. */
    List<Address> addresses() {
        var addresses = new ArrayList<Address>(2);
        phone.ifPresent(number -> addresses.add(new Address(tenant, "phone", number)));
        userId.ifPresent(id -> addresses.add(new Address(tenant, "user_id", id)));
        return addresses;
    }

    @Override
    public String toString() {
        return "customer of " + tenant;
    }

    record Address(TenantId tenant, String kind, String value) {}
}
