package dev.gesher.simulator.world;

import java.util.List;

/**
 * A WhatsApp Business Account as the simulator made it.
 *
 * @param subscribed our app is subscribed to its webhooks
 */
public record Business(
        String businessId,
        String wabaId,
        String name,
        boolean subscribed,
        List<PhoneNumber> numbers) {

    /**
     * One of its numbers.
     *
     * @param pinSet whether a two-step PIN is set; the PIN itself is not told
     */
    public record PhoneNumber(
            String phoneNumberId,
            String displayPhoneNumber,
            String verifiedName,
            boolean coexistence,
            boolean registered,
            boolean pinSet) {}

    /** The first number's id, for the usual business that has one. */
    public String phoneNumberId() {
        return numbers.getFirst().phoneNumberId();
    }
}
