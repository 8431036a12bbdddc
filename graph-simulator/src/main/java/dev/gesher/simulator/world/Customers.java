package dev.gesher.simulator.world;

import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The people with WhatsApp on their phones, and the business-scoped id each portfolio sees them
 * under.
 */
public final class Customers {
    private final Map<String, Customer> byKey = new ConcurrentHashMap<>();
    private final Map<String, String> names = new ConcurrentHashMap<>();
    private final Map<String, String> userIds = new ConcurrentHashMap<>();
    private final Map<String, Customer> byUserId = new ConcurrentHashMap<>();

    /** The person with this number; made on first sight. */
    public Customer byPhone(String digits) {
        return byKey.computeIfAbsent(
                digits, key -> new Customer(key, key, CallingCodes.countryOf(key)));
    }

    /** The person a portfolio knows by this id, if it was ever told. */
    public Optional<Customer> byUserId(String userId) {
        return Optional.ofNullable(byUserId.get(userId));
    }

    /**
     * The person behind a user id, made up when nobody has it: someone whose number stays hidden.
     */
    public Customer withUserId(String userId) {
        return byUserId.computeIfAbsent(
                userId,
                id -> {
                    var dot = id.indexOf('.');
                    var customer =
                            new Customer("user:" + id, null, dot > 0 ? id.substring(0, dot) : "ZZ");
                    byKey.put(customer.key(), customer);
                    return customer;
                });
    }

    /**
     * The person an address means: a user id has a dot after its country, a number has digits only.
     */
    public Customer at(String address) {
        return isUserId(address) ? withUserId(address) : byPhone(address.replaceAll("\\D", ""));
    }

    public static boolean isUserId(String address) {
        return address.matches("[A-Z]{2}\\.[A-Za-z0-9.]{1,132}");
    }

    /** The id under which every number of one portfolio sees this person. */
    public String userId(Customer customer, String businessId) {
        if (customer.phone() == null) {
            return customer.address();
        }
        return userIds.computeIfAbsent(
                customer.key() + "@" + businessId,
                pair -> {
                    var id = customer.country() + "." + digits(pair);
                    byUserId.put(id, customer);
                    return id;
                });
    }

    private static String digits(String pair) {
        try {
            var hash =
                    MessageDigest.getInstance("SHA-256")
                            .digest(pair.getBytes(StandardCharsets.UTF_8));
            return new BigInteger(1, hash).toString().substring(0, 20);
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every JDK has SHA-256", e);
        }
    }

    public void name(Customer customer, String name) {
        names.put(customer.key(), name);
    }

    public String nameOf(Customer customer) {
        return names.getOrDefault(customer.key(), "WhatsApp user");
    }

    void clear() {
        byKey.clear();
        names.clear();
        userIds.clear();
        byUserId.clear();
    }
}
