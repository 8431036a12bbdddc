package dev.gesher.app.connection;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;

import com.microsoft.playwright.Route;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberSpec;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** A real browser before the connect page, with the simulator in Meta's place. */
@Tag("browser")
class ConnectPageTest {
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
    @ValueSource(strings = {"before_code", "after_code", "withheld"})
    void a_business_connects_its_number(String sessionEvent) {
        stage.gesher()
                .simulator()
                .control()
                .changeQuirks("{\"session_event\":\"" + sessionEvent + "\"}");
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0101"));
        var page = stage.open(tenant, "he-IL");

        assertThat(page.locator("html")).hasAttribute("dir", "rtl");
        assertThat(page.locator("#tenant-name")).hasText("מאפיית לחם");
        assertThat(page.locator("#open-dialog")).isHidden();
        var dialog = PageStage.dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");

        assertThat(page.locator("#status")).hasText("המספר מחובר. אפשר לסגור את העמוד.");
        assertThat(stage.status(tenant)).isEqualTo("active");
        assertThat(page.url()).doesNotContain("#");
        assertThat(page.locator("#problem")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource({"he-IL, החשבון מושעה", "en-US, The account is suspended"})
    void a_suspended_tenant_is_told_so(String locale, String words) {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var link = stage.link(tenant);
        stage.gesher()
                .post(
                        "/v1/tenants/" + tenant.tenantId() + "/suspend",
                        stage.gesher().operatorToken(),
                        Map.of("reason", "not paid"));

        var page = stage.newPage(locale);
        page.navigate(link);

        assertThat(page.locator("#problem")).containsText(words);
        assertThat(page.locator("#ask")).isHidden();
    }

    @Test
    void closing_metas_dialog_changes_nothing_and_can_be_tried_again() {
        var tenant = stage.gesher().newTenant("Café ACME");
        var business = stage.business(NumberSpec.of("+972 3-555-0102"));
        var page = stage.open(tenant, "en-US");

        assertThat(page.locator("html")).hasAttribute("dir", "ltr");
        PageStage.dialog(page).click("#cancel");
        assertThat(page.locator("#problem")).containsText("The window was closed");
        assertThat(stage.status(tenant)).isNotEqualTo("active");

        page.click("#start-over");
        var dialog = PageStage.dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");
        assertThat(page.locator("#status")).containsText("The number is connected.");
        assertThat(stage.status(tenant)).isEqualTo("active");
    }

    @Test
    void a_failing_step_says_so_and_is_retried_from_there() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0103"));
        stage.gesher()
                .simulator()
                .control()
                .addFault(Match.any().path("subscribed_apps").times(1), Effect.httpError(503));
        var page = stage.open(tenant, "he-IL");

        var dialog = PageStage.dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");
        assertThat(page.locator("#problem")).containsText("שלב: הרשמה לקבלת הודעות");
        assertThat(stage.status(tenant)).isNotEqualTo("active");

        page.click("#retry");
        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(stage.status(tenant)).isEqualTo("active");
    }

    @Test
    void a_number_with_a_pin_waits_for_it() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0104").withPin("123456"));
        var page = stage.open(tenant, "he-IL");

        var dialog = PageStage.dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");
        assertThat(page.locator("#pin-form")).isVisible();
        page.fill("#pin", "654321");
        page.click("#give-pin");
        assertThat(page.locator("#problem")).containsText("הקוד שגוי");
        page.fill("#pin", "123456");
        page.click("#give-pin");

        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(stage.status(tenant)).isEqualTo("active");
    }

    @Test
    void of_several_numbers_one_is_chosen() {
        stage.gesher().simulator().control().changeQuirks("{\"session_event\":\"withheld\"}");
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business =
                stage.business(NumberSpec.of("+972 3-555-0105"), NumberSpec.of("+972 3-555-0106"));
        var second = business.numbers().get(1).phoneNumberId();
        var page = stage.open(tenant, "he-IL");

        var dialog = PageStage.dialog(page);
        dialog.click("#number-" + second);
        dialog.click("#finish");
        page.click("#choice-" + second);
        page.click("#choose-number");

        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(stage.gesher().get("/v1/connection", tenant.token()).at("/phone_number_id"))
                .isEqualTo(second);
    }

    @Test
    void a_message_from_another_origin_is_not_heard() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var page = stage.open(tenant, "he-IL");
        assertThat(page.locator("#yes")).isVisible();

        var heard =
                page.evaluate(
                        """
                        () => new Promise((done) => {
                          let read = false;
                          const event = new MessageEvent('message', {
                            origin: 'https://evilfacebook.com',
                            data: { get toString() { read = true; return () => ''; } },
                          });
                          window.dispatchEvent(event);
                          window.dispatchEvent(new MessageEvent('message', {
                            origin: 'https://www.facebook.com',
                            data: JSON.stringify({ type: 'WA_EMBEDDED_SIGNUP', event: 'FINISH', data: {} }),
                          }));
                          setTimeout(() => done(read), 50);
                        })
                        """);

        assertThat(heard).isEqualTo(false);
        assertThat(page.locator("#yes")).isVisible();
    }

    @Test
    void an_old_link_says_so_and_opening_one_spends_nothing() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var page = stage.open(tenant, "he-IL");
        assertThat(page.locator("#yes")).isVisible();
        page.reload();
        assertThat(page.locator("#yes")).isVisible(); // by the cookie: the fragment is gone
        page.click("#other-language");
        assertThat(page.locator("html")).hasAttribute("lang", "en");
        assertThat(page.locator("#yes")).isVisible();

        var elsewhere = stage.newPage("he-IL");
        elsewhere.navigate(stage.gesher().settings().publicUrl() + "/connect#nonsense");
        assertThat(elsewhere.locator("#problem")).not().isEmpty();
        assertThat(elsewhere.locator("#yes")).isHidden();
    }

    @Test
    void the_page_runs_metas_script_and_nobody_elses() {
        var answer = stage.gesher().send("GET", "/connect", new byte[0]);

        assertThat(answer.header("Content-Security-Policy"))
                .hasValueSatisfying(policy ->
                        assertThat(policy)
                                .contains("default-src 'none'", "frame-ancestors 'none'")
                                .contains(
                                        "script-src 'self' " + stage.gesher().simulator().baseUrl())
                                .doesNotContain("unsafe"));
        assertThat(answer.header("Referrer-Policy")).hasValue("no-referrer");
        assertThat(answer.header("Content-Language")).hasValue("he");
        assertThat(answer.text()).contains("dir=\"rtl\"").doesNotContain("{{");
    }

    @Test
    void a_dialog_that_vanishes_is_told_and_another_one_connects() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0107"));
        var page = stage.open(tenant, "he-IL");
        PageStage.dialog(page).close();
        assertThat(page.locator("#problem")).containsText("החלון נסגר");

        page.click("#start-over");
        var failing = PageStage.dialog(page);
        failing.click("#report-error");
        assertThat(page.locator("#problem")).containsText("החלון נסגר");

        page.click("#start-over");
        PageStage.finish(PageStage.dialog(page), business.phoneNumberId());
        assertThat(page.locator("#status")).containsText("המספר מחובר");
    }

    @Test
    void a_dialog_that_never_opens_leaves_a_way_on() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var page = stage.open(tenant, "he-IL");
        page.click("#yes");
        assertThat(page.locator("#open-dialog")).isEnabled();
        // A browser that blocks windows, and an SDK that says nothing of it.
        page.evaluate("() => { window.FB.login = () => {}; }");
        page.click("#open-dialog");
        assertThat(page.locator("#status")).containsText("אם הוא נסגר או לא נפתח");
        page.click("#start-over");
        assertThat(page.locator("#yes")).isFocused();
    }

    @Test
    void a_number_that_stays_in_the_app_goes_metas_way_for_that() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0112").onBusinessApp());
        var page = stage.open(tenant, "he-IL");
        page.click("#yes");
        page.click("#on-app");
        assertThat(page.locator("#open-dialog")).isEnabled();
        var dialog = page.waitForPopup(() -> page.click("#open-dialog"));
        dialog.waitForSelector("label:has(input[type=radio])");
        assertThat(dialog.url()).contains("whatsapp_business_app_onboarding");
        PageStage.finish(dialog, business.phoneNumberId());
        assertThat(page.locator("#status")).containsText("אנשי הקשר");
        assertThat(stage.status(tenant)).isEqualTo("active");
    }

    @Test
    void a_reload_in_the_middle_finds_the_attempt_again() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0108").withPin("123456"));
        var page = stage.open(tenant, "he-IL");
        stage.gesher()
                .simulator()
                .control()
                .addFault(Match.any().path("subscribed_apps").times(1), Effect.delay(2_000));
        PageStage.finish(PageStage.dialog(page), business.phoneNumberId());
        assertThat(page.locator("#status")).containsText("מתחברים");
        page.reload();
        assertThat(page.locator("#status")).containsText("מתחברים");
        assertThat(page.locator("#pin-form")).isVisible();
        page.reload();
        assertThat(page.locator("#pin-form")).isVisible();
        page.fill("#pin", "123456");
        page.click("#give-pin");
        assertThat(page.locator("#status")).containsText("המספר מחובר");
    }

    @Test
    void two_tabs_share_one_attempt() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0109").withPin("123456"));
        var first = stage.open(tenant, "he-IL");
        PageStage.finish(PageStage.dialog(first), business.phoneNumberId());
        assertThat(first.locator("#pin-form")).isVisible();

        var second = first.context().newPage();
        second.navigate(stage.link(tenant));
        assertThat(second.locator("#pin-form")).isVisible();
        second.fill("#pin", "123456");
        second.click("#give-pin");
        assertThat(second.locator("#status")).containsText("המספר מחובר");

        // Too late, and yet no harm: the first tab learns how it stands.
        first.fill("#pin", "654321");
        first.click("#give-pin");
        assertThat(first.locator("#status")).containsText("המספר מחובר");
        assertThat(stage.status(tenant)).isEqualTo("active");
    }

    @Test
    void a_blocked_script_is_told_and_tried_again() {
        var tenant = stage.gesher().newTenant("מאפיית לחם");
        var business = stage.business(NumberSpec.of("+972 3-555-0110"));
        var page = stage.newPage("he-IL");
        page.route("**/sdk.js", Route::abort);
        page.navigate(stage.link(tenant));
        assertThat(page.locator("#problem")).containsText("הסקריפט של Meta");

        page.unroute("**/sdk.js");
        page.click("#start-over");
        PageStage.finish(PageStage.dialog(page), business.phoneNumberId());
        assertThat(page.locator("#status")).containsText("המספר מחובר");
    }

    @Test
    void the_links_end_is_told_before_it_comes_and_when_it_has_come() {
        var tenant = stage.gesher().newTenant("Café ACME");
        var page = stage.newPage("en-US");
        page.clock().install();
        page.navigate(stage.link(tenant));
        assertThat(page.locator("#expiry")).containsText("This link is valid until");
        page.clock().fastForward("26:00");
        assertThat(page.locator("#expiry")).containsText("This link ends soon");
        page.clock().fastForward("05:00");
        assertThat(page.locator("#problem")).containsText("This link has expired");
        assertThat(page.locator("#yes")).isHidden();
    }

    @Test
    void a_session_that_has_ended_says_what_to_do() {
        var tenant = stage.gesher().newTenant("Café ACME");
        var page = stage.open(tenant, "en-US");
        assertThat(page.locator("#yes")).isVisible();
        page.context().clearCookies();
        PageStage.dialog(page).click("#cancel");
        assertThat(page.locator("#problem")).containsText("Ask for a new one");
        assertThat(page.locator("#start-over")).isHidden();
    }
}
