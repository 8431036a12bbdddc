package dev.gesher.app.connection;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Route;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberSpec;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * WCAG 2.2 AA: the page in each of its states, for whoever can't see it, point at it or stretch it.
 */
@Tag("browser")
class ConnectPageAccessTest {
    private static final List<String> WCAG =
            List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice");

    private static PageStage stage;

    @BeforeAll
    static void start() {
        stage = PageStage.set();
    }

    @AfterAll
    static void stop() {
        stage.close();
    }

    @AfterEach
    void closePages() {
        stage.clear();
    }

    @ParameterizedTest
    @CsvSource({"he-IL, rtl", "en-US, ltr"})
    void every_state_on_the_way_is_accessible(String locale, String dir) {
        var control = stage.gesher().simulator().control();
        control.changeQuirks("{\"session_event\":\"withheld\"}");
        var tenant = stage.gesher().newTenant("Café ACME של דנה (2026)");
        var business =
                stage.business(
                        NumberSpec.of("+972 3-555-0201").withPin("123456"),
                        NumberSpec.of("+1 650-555-0202").withPin("123456"));
        var page = stage.open(tenant, locale);

        assertThat(page.locator("#ask")).isVisible();
        assertAccessible(page, dir, "#yes");
        page.click("#no");
        assertAccessible(page, dir, "#start-over");
        page.click("#start-over");

        page.click("#yes");
        assertThat(page.locator("#open-dialog")).isFocused();
        assertAccessible(page, dir, "#open-dialog");
        var dialog = page.waitForPopup(() -> page.click("#open-dialog"));
        assertThat(page.locator("#again")).isVisible();
        assertAccessible(page, dir, "#status");

        dialog.waitForSelector("label:has(input[type=radio])");
        PageStage.finish(dialog, business.phoneNumberId());
        assertThat(page.locator("#choose")).isVisible();
        assertAccessible(page, dir, "#choices input");
        assertThat(page.locator("#choices bdi[dir=ltr]"))
                .hasText(new String[] {"+972 3-555-0201", "+1 650-555-0202"});

        page.click("#choices label");
        page.click("#choose-number");
        assertThat(page.locator("#pin-form")).isVisible();
        assertAccessible(page, dir, "#pin");
        assertThat(page.locator("#pin")).hasAttribute("aria-invalid", "false");

        for (var wrong : List.of("000001", "000002")) {
            page.fill("#pin", wrong);
            page.click("#give-pin");
            assertThat(page.locator("#pin")).hasValue("");
            assertThat(page.locator("#pin")).hasAttribute("aria-invalid", "true");
        }
        assertAccessible(page, dir, "#pin");
        page.fill("#pin", "000003");
        page.click("#give-pin");
        assertThat(page.locator("#problem bdi")).hasCount(1);
        assertThat(page.locator("#retry")).isDisabled();
        assertAccessible(page, dir, "#start-over");
    }

    @ParameterizedTest
    @CsvSource({"he-IL, rtl", "en-US, ltr"})
    void failure_and_success_are_accessible_and_announced(String locale, String dir) {
        var control = stage.gesher().simulator().control();
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0203").onBusinessApp());
        control.addFault(Match.any().path("subscribed_apps").times(1), Effect.httpError(503));
        control.addFault(Match.any().path("subscribed_apps").times(1), Effect.delay(1_500));
        var page = stage.open(tenant, locale);

        PageStage.finish(PageStage.dialog(page), business.phoneNumberId());
        assertThat(page.locator("[role=alert]")).not().isEmpty();
        assertThat(page.locator("#retry")).isFocused();
        assertAccessible(page, dir, "#retry");
        page.click("#retry");
        assertAccessible(page, dir, "#status");
        assertThat(page.locator("#status")).containsText("WhatsApp Business");
        assertThat(page.locator("[role=status]#status")).isFocused();
        assertAccessible(page, dir, "#status");
        var connection = stage.gesher().get("/v1/connection", tenant.token());
        assertThat(connection.at("/app_sync/contacts")).isEqualTo("requested");
        assertThat(connection.at("/app_sync/history")).isEqualTo("requested");
    }

    @ParameterizedTest
    @CsvSource({"he-IL, rtl", "en-US, ltr"})
    void what_goes_wrong_before_the_start_is_accessible(String locale, String dir) {
        var stale = stage.newPage(locale);
        stale.navigate(stage.gesher().settings().publicUrl() + "/connect#nonsense");
        assertThat(stale.locator("#problem")).not().isEmpty();
        assertAccessible(stale, dir, "#problem");

        var blocked = stage.newPage(locale);
        blocked.route("**/sdk.js", Route::abort);
        blocked.navigate(stage.link(stage.gesher().newTenant("מאפיית לחם")));
        assertThat(blocked.locator("#problem")).not().isEmpty();
        assertAccessible(blocked, dir, "#start-over");
    }

    @Test
    void the_keyboard_alone_connects_a_number() {
        stage.gesher().simulator().control().changeQuirks("{\"session_event\":\"withheld\"}");
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business =
                stage.business(
                        NumberSpec.of("+972 3-555-0204"),
                        NumberSpec.of("+972 3-555-0205").withPin("123456"));
        var second = business.numbers().get(1).phoneNumberId();
        var page = stage.open(tenant, "he-IL");

        // From the question backwards to the language, and forth again: the order one reads in.
        assertThat(page.locator("#yes")).isFocused();
        page.keyboard().press("Shift+Tab");
        assertFocusShows(page, "#other-language");
        page.keyboard().press("Tab");
        assertFocusShows(page, "#yes");
        page.keyboard().press("Tab");
        assertFocusShows(page, "#no");
        page.keyboard().press("Shift+Tab");
        page.keyboard().press("Enter");
        assertThat(page.locator("#open-dialog")).isFocused();
        assertFocusShows(page, "#open-dialog");
        var dialog = page.waitForPopup(() -> page.keyboard().press("Enter"));
        dialog.waitForSelector("label:has(input[type=radio])");
        dialog.focus("#number-" + second);
        dialog.keyboard().press("Space");
        dialog.keyboard().press("Enter");

        assertThat(page.locator("#choices input").first()).isFocused();
        page.keyboard().press("Space");
        page.keyboard().press("ArrowDown");
        assertFocusShows(page, "#choice-" + second);
        page.keyboard().press("Tab");
        assertFocusShows(page, "#choose-number");
        page.keyboard().press("Enter");

        assertThat(page.locator("#pin")).isFocused();
        assertFocusShows(page, "#pin");
        page.keyboard().type("123456");
        page.keyboard().press("Enter");
        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(stage.gesher().get("/v1/connection", tenant.token()).at("/phone_number_id"))
                .isEqualTo(second);
    }

    /** What axe finds, and what it does not look for. */
    private static void assertAccessible(Page page, String dir, String focused) {
        assertThat(page.locator(focused).first()).isFocused();
        var found = new AxeBuilder(page).withTags(WCAG).analyze().getViolations();
        assertThat(found.stream().map(rule -> rule.getId() + " " + rule.getNodes())).isEmpty();
        assertThat(page.locator("html")).hasAttribute("dir", dir);
        assertThat(page.locator("html")).hasAttribute("lang", dir.equals("rtl") ? "he" : "en");
        assertThat(page.evaluate(NOT_ISOLATED)).isEqualTo(List.of());

        var before = page.viewportSize();
        page.setViewportSize(320, 640);
        assertThat(page.evaluate("() => document.documentElement.scrollWidth")).isEqualTo(320);
        assertThat(page.evaluate(SMALL_TARGETS)).isEqualTo(List.of());
        page.setViewportSize(before.width, before.height);
    }

    /** Digits and Latin names that come from outside stand in an element that isolates them. */
    private static final String NOT_ISOLATED =
            """
            () => [...document.querySelectorAll('bdi')]
              .filter((one) => getComputedStyle(one).unicodeBidi !== 'isolate')
              .map((one) => one.outerHTML)
            """;

    private static final String SMALL_TARGETS =
            """
            () => [...document.querySelectorAll('a, button, input')]
              .filter((one) => one.checkVisibility())
              .map((one) => [one.id, one.getBoundingClientRect()])
              .filter(([, box]) => box.width < 24 || box.height < 24)
              .map(([id, box]) => id + ' ' + box.width + 'x' + box.height)
            """;

    private static void assertFocusShows(Page page, String selector) {
        assertThat(page.locator(selector)).isFocused();
        var outline =
                page.evaluate(
                        """
                        () => {
                          const style = getComputedStyle(document.activeElement);
                          return style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth);
                        }
                        """);
        assertThat(((Number) outline).doubleValue()).isGreaterThanOrEqualTo(2);
    }
}
