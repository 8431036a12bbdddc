package dev.gesher.app.connection;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.gesher.app.testing.RunningGesher;
import dev.gesher.app.testing.RunningGesher.TestTenant;
import dev.gesher.simulator.world.Business;
import dev.gesher.simulator.world.BusinessSpec;
import dev.gesher.simulator.world.FaultRule.Effect;
import dev.gesher.simulator.world.FaultRule.Match;
import dev.gesher.simulator.world.NumberSpec;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A real browser before the connect page, with the simulator in Meta's place. */
@Tag("browser")
class ConnectPageTest {
    private static RunningGesher gesher;
    private static Playwright playwright;
    private static Browser browser;

    private @Nullable BrowserContext context;

    @BeforeAll
    static void start() {
        var chromium = chromium();
        if (chromium.isEmpty()) {
            fail(
                    "no Chromium on the PATH; ./verify leaves the browser tests out where there is none");
        }
        gesher = RunningGesher.startWithSimulator();
        playwright =
                Playwright.create(
                        new Playwright.CreateOptions()
                                .setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser =
                playwright
                        .chromium()
                        .launch(
                                new BrowserType.LaunchOptions()
                                        .setExecutablePath(chromium.get())
                                        .setArgs(
                                                List.of(
                                                        "--no-sandbox",
                                                        "--disable-dev-shm-usage",
                                                        "--disable-background-networking")));
    }

    private static Optional<Path> chromium() {
        var path = Optional.ofNullable(System.getenv("PATH")).orElse("");
        return Stream.of("chromium", "chromium-browser", "google-chrome")
                .flatMap(name ->
                        Stream.of(path.split(Pattern.quote(File.pathSeparator), -1))
                                .map(folder -> Path.of(folder, name)))
                .filter(Files::isExecutable)
                .findFirst();
    }

    @AfterAll
    static void stop() {
        if (playwright != null) {
            playwright.close();
        }
        if (gesher != null) {
            gesher.close();
        }
    }

    @AfterEach
    void closePages() {
        gesher.simulator().control().clearFaults();
        gesher.simulator().control().changeQuirks("{\"session_event\":\"before_code\"}");
        if (context != null) {
            context.close();
        }
    }

    private Page open(TestTenant tenant, String locale) {
        var opened = browser.newContext(new Browser.NewContextOptions().setLocale(locale));
        context = opened;
        opened.setDefaultTimeout(20_000);
        var link = gesher.post("/v1/connection/connect-links", tenant.token(), Map.of());
        assertThat(link.status()).as(link.text()).isEqualTo(201);
        var page = opened.newPage();
        page.navigate(link.at("/url"));
        return page;
    }

    private static Page dialog(Page page) {
        page.click("#yes");
        assertThat(page.locator("#open-dialog")).isEnabled();
        var dialog = page.waitForPopup(() -> page.click("#open-dialog"));
        dialog.waitForSelector("label:has(input[type=radio])");
        return dialog;
    }

    private static Business business(NumberSpec... numbers) {
        var spec = BusinessSpec.named("פרחי דנה");
        for (var number : numbers) {
            spec = spec.withNumber(number);
        }
        return gesher.simulator().control().createBusiness(spec);
    }

    private static String status(TestTenant tenant) {
        return gesher.get("/v1/connection", tenant.token()).at("/status");
    }

    @ParameterizedTest
    @ValueSource(strings = {"before_code", "after_code", "withheld"})
    void a_business_connects_its_number(String sessionEvent) {
        gesher.simulator().control().changeQuirks("{\"session_event\":\"" + sessionEvent + "\"}");
        var tenant = gesher.newTenant("מאפיית לחם");
        var business = business(NumberSpec.of("+972 3-555-0101"));
        var page = open(tenant, "he-IL");

        assertThat(page.locator("html")).hasAttribute("dir", "rtl");
        assertThat(page.locator("#tenant-name")).hasText("מאפיית לחם");
        assertThat(page.locator("#open-dialog")).isHidden();
        var dialog = dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");

        assertThat(page.locator("#status")).hasText("המספר מחובר. אפשר לסגור את העמוד.");
        assertThat(status(tenant)).isEqualTo("active");
        assertThat(page.url()).doesNotContain("#");
        assertThat(page.locator("#problem")).isEmpty();
    }

    @Test
    void closing_metas_dialog_changes_nothing_and_can_be_tried_again() {
        var tenant = gesher.newTenant("Café ACME");
        var business = business(NumberSpec.of("+972 3-555-0102"));
        var page = open(tenant, "en-US");

        assertThat(page.locator("html")).hasAttribute("dir", "ltr");
        dialog(page).click("#cancel");
        assertThat(page.locator("#problem")).containsText("The window was closed");
        assertThat(status(tenant)).isNotEqualTo("active");

        page.click("#start-over");
        var dialog = dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");
        assertThat(page.locator("#status")).containsText("The number is connected.");
        assertThat(status(tenant)).isEqualTo("active");
    }

    @Test
    void a_failing_step_says_so_and_is_retried_from_there() {
        var tenant = gesher.newTenant("מאפיית לחם");
        var business = business(NumberSpec.of("+972 3-555-0103"));
        gesher.simulator()
                .control()
                .addFault(Match.any().path("subscribed_apps").times(1), Effect.httpError(503));
        var page = open(tenant, "he-IL");

        var dialog = dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");
        assertThat(page.locator("#problem")).containsText("שלב: הרשמה לקבלת הודעות");
        assertThat(status(tenant)).isNotEqualTo("active");

        page.click("#retry");
        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(status(tenant)).isEqualTo("active");
    }

    @Test
    void a_number_with_a_pin_waits_for_it() {
        var tenant = gesher.newTenant("מאפיית לחם");
        var business = business(NumberSpec.of("+972 3-555-0104").withPin("123456"));
        var page = open(tenant, "he-IL");

        var dialog = dialog(page);
        dialog.click("#number-" + business.phoneNumberId());
        dialog.click("#finish");
        assertThat(page.locator("#pin-form")).isVisible();
        page.fill("#pin", "654321");
        page.click("#give-pin");
        assertThat(page.locator("#problem")).containsText("הקוד שגוי");
        page.fill("#pin", "123456");
        page.click("#give-pin");

        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(status(tenant)).isEqualTo("active");
    }

    @Test
    void of_several_numbers_one_is_chosen() {
        gesher.simulator().control().changeQuirks("{\"session_event\":\"withheld\"}");
        var tenant = gesher.newTenant("מאפיית לחם");
        var business = business(NumberSpec.of("+972 3-555-0105"), NumberSpec.of("+972 3-555-0106"));
        var second = business.numbers().get(1).phoneNumberId();
        var page = open(tenant, "he-IL");

        var dialog = dialog(page);
        dialog.click("#number-" + second);
        dialog.click("#finish");
        page.click("#choice-" + second);
        page.click("#choose-number");

        assertThat(page.locator("#status")).containsText("המספר מחובר");
        assertThat(gesher.get("/v1/connection", tenant.token()).at("/phone_number_id"))
                .isEqualTo(second);
    }

    @Test
    void a_message_from_another_origin_is_not_heard() {
        var tenant = gesher.newTenant("מאפיית לחם");
        var page = open(tenant, "he-IL");
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
        var tenant = gesher.newTenant("מאפיית לחם");
        var page = open(tenant, "he-IL");
        assertThat(page.locator("#yes")).isVisible();
        page.reload();
        assertThat(page.locator("#yes")).isVisible(); // by the cookie: the fragment is gone
        page.click("#other-language");
        assertThat(page.locator("html")).hasAttribute("lang", "en");
        assertThat(page.locator("#yes")).isVisible();

        var stranger = browser.newContext();
        var elsewhere = stranger.newPage();
        elsewhere.navigate(gesher.settings().publicUrl() + "/connect#nonsense");
        assertThat(elsewhere.locator("#problem")).not().isEmpty();
        assertThat(elsewhere.locator("#yes")).isHidden();
        stranger.close();
    }

    @Test
    void the_page_runs_metas_script_and_nobody_elses() {
        var answer = gesher.send("GET", "/connect", new byte[0]);

        assertThat(answer.header("Content-Security-Policy"))
                .hasValueSatisfying(policy ->
                        assertThat(policy)
                                .contains("default-src 'none'", "frame-ancestors 'none'")
                                .contains("script-src 'self' " + gesher.simulator().baseUrl())
                                .doesNotContain("unsafe"));
        assertThat(answer.header("Referrer-Policy")).hasValue("no-referrer");
        assertThat(answer.header("Content-Language")).hasValue("he");
        assertThat(answer.text()).contains("dir=\"rtl\"").doesNotContain("{{");
    }
}
