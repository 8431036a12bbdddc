package dev.gesher.whatsapp;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What Meta tells of an account (WABA), its number or a template. Names and values are Meta's own
 * and open: what is not known yet comes as it is.
 */
public sealed interface AccountFact {
    /**
     * {@code account_update}.
     *
     * @param event {@code PARTNER_REMOVED}, {@code ACCOUNT_RESTRICTION}…
     * @param partnerAppId whose app it is about ({@code PARTNER_APP_*})
     * @param banState {@code DISABLE}, {@code REINSTATE}, {@code SCHEDULE_FOR_DISABLE}
     * @param disconnectReason {@code disconnection_info.reason}
     */
    record AccountUpdate(
            String event,
            Optional<String> partnerAppId,
            Optional<String> banState,
            Optional<String> banDate,
            List<Restriction> restrictions,
            Optional<String> violation,
            Optional<String> disconnectReason)
            implements AccountFact {}

    /**
     * @param type {@code RESTRICTED_BIZ_INITIATED_MESSAGING}…
     * @param until when it ends, if it does by itself
     */
    record Restriction(String type, Optional<Instant> until) {}

    /** {@code account_review_update}. */
    record AccountReview(String decision) implements AccountFact {}

    /** {@code account_alerts}. */
    record AccountAlert(
            String type,
            Optional<String> severity,
            Optional<String> status,
            Optional<String> description,
            Optional<String> entityType,
            Optional<String> entityId)
            implements AccountFact {}

    /**
     * {@code business_capability_update}.
     *
     * @param dailyPeople how many people may be written to outside windows in 24 hours: {@code
     *     TIER_…} or a number, {@code -1} without limit
     */
    record Capability(
            Optional<String> dailyPeople,
            Optional<Integer> numbersPerBusiness,
            Optional<Integer> numbersPerAccount)
            implements AccountFact {}

    /**
     * {@code phone_number_quality_update}.
     *
     * @param limit {@code TIER_…}, from whichever key Meta puts it in
     */
    record NumberQuality(String event, Optional<String> limit, Optional<String> oldLimit)
            implements AccountFact {}

    /** {@code phone_number_name_update}. */
    record NumberName(String decision, Optional<String> name, Optional<String> rejectionReason)
            implements AccountFact {}

    /** {@code business_username_updates}. */
    record NumberUsername(Optional<String> username, String status) implements AccountFact {}

    /** {@code security}: somebody changed or asked to reset the two-step PIN. */
    record Security(String event, Optional<String> requester) implements AccountFact {}

    /** An error of the number, with no message it belongs to. */
    record NumberError(InboundSignal.MetaError error) implements AccountFact {}

    /**
     * History of the Business app is coming.
     *
     * @param progress 0 to 100
     */
    record HistoryProgress(int phase, int chunk, int progress) implements AccountFact {}

    /** The number's owner does not share the history, or Meta could not give it. */
    record HistoryRefused(InboundSignal.MetaError error) implements AccountFact {}

    /**
     * Which template something is about.
     *
     * @param language as Meta writes it elsewhere: {@code en_US}, not {@code en-US}
     */
    record Template(String id, String name, String language, Optional<String> category) {}

    /** {@code message_template_status_update}. */
    record TemplateStatus(
            Template template,
            String event,
            Optional<String> reason,
            Optional<String> title,
            Optional<String> description)
            implements AccountFact {}

    /** {@code message_template_quality_update}. */
    record TemplateQuality(Template template, Optional<String> before, String now)
            implements AccountFact {}

    /** {@code message_template_components_update}: what it says has changed. */
    record TemplateComponents(Template template) implements AccountFact {}

    /**
     * {@code template_category_update}.
     *
     * @param before what it was; absent while the change is only announced
     * @param now what it is
     * @param announced what it is going to be, from {@code from} on
     */
    record TemplateCategory(
            Template template,
            Optional<String> before,
            String now,
            Optional<String> announced,
            Optional<Instant> from)
            implements AccountFact {}

    /** {@code flows}. */
    record Flow(String event, Optional<String> flowId, Optional<String> message)
            implements AccountFact {}
}
