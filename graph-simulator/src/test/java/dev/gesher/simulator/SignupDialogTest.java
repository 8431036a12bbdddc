package dev.gesher.simulator;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.Playwright;
import dev.gesher.simulator.http.Answer;
import dev.gesher.simulator.http.LoopbackServer;
import dev.gesher.simulator.json.Json;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The SDK and the dialog in a real browser, opened by a page of another origin as Meta's are. */
@Tag("browser")
class SignupDialogTest {
    private static final String TENANT_PAGE =
            """
            <!DOCTYPE html><html><body>
            <button id="connect">Connect</button>
            <script>
              window.seen = [];
              window.fbAsyncInit = function () { FB.init({ appId: 'APP', version: 'v21.0' }); window.ready = true; };
              window.addEventListener('message', function (event) {
                if (typeof event.data === 'string' && event.origin === 'SIMULATOR') {
                  seen.push({ event: JSON.parse(event.data) });
                }
              });
              document.getElementById('connect').addEventListener('click', function () {
                FB.login(function (response) { seen.push({ login: response.authResponse }); },
                  { config_id: 'CONFIG', response_type: 'code', override_default_response_type: true,
                    extras: { setup: {}, sessionInfoVersion: '3' } });
              });
            </script>
            <script async defer crossorigin="anonymous" src="SIMULATOR/en_US/sdk.js"></script>
            </body></html>
            """;

    @Test
    void a_person_finishes_and_the_page_gets_event_and_code_in_either_order() throws Exception {
        inBrowser((scene, page) -> {
            var seen = connect(page, dialog -> dialog.click("#finish"));
            assertThat(seen.at("/0/event/event").asText()).isEqualTo("FINISH");
            assertThat(seen.at("/0/event/data/phone_number_id").asText()).isEqualTo(scene.number);
            assertThat(seen.at("/1/login/code").asText()).isNotEmpty();

            scene.control.changeQuirks("{\"session_event\":\"after_code\"}");
            seen = connect(page, dialog -> dialog.click("#finish"));
            assertThat(seen.at("/0/login/code").asText()).isNotEmpty();
            assertThat(seen.at("/1/event/event").asText()).isEqualTo("FINISH");
        });
    }

    @Test
    void a_person_makes_a_business_in_the_dialog() throws Exception {
        inBrowser((scene, page) -> {
            var seen =
                    connect(
                            page,
                            dialog -> {
                                dialog.fill("#new-business-name", "קפה נגה");
                                dialog.fill("#new-business-number", "+972 3-555-0600");
                                dialog.click("#create-business");
                                dialog.waitForSelector("label:has-text('קפה נגה')");
                                dialog.click("#finish");
                            });
            var made =
                    scene.control.businesses().stream()
                            .filter(one -> one.name().equals("קפה נגה"))
                            .toList();
            assertThat(made).hasSize(1);
            assertThat(seen.at("/0/event/data/waba_id").asText())
                    .isEqualTo(made.getFirst().wabaId());
        });
    }

    @Test
    void cancelling_reporting_and_closing_end_without_a_code() throws Exception {
        inBrowser((_, page) -> {
            var cancelled = connect(page, dialog -> dialog.click("#cancel"));
            assertThat(cancelled.at("/0/event/event").asText()).isEqualTo("CANCEL");
            assertThat(cancelled.at("/0/event/data/current_step").asText())
                    .isEqualTo("PHONE_NUMBER_SETUP");
            assertThat(cancelled.at("/1/login").isNull()).isTrue();

            var reported = connect(page, dialog -> dialog.click("#report-error"));
            assertThat(reported.at("/0/event/data/error_message").asText()).isNotEmpty();
            assertThat(reported.at("/1/login").isNull()).isTrue();

            var closed = connect(page, Page::close);
            assertThat(closed.at("/0/login").isNull()).isTrue();
        });
    }

    @Test
    void a_withheld_event_leaves_the_code_alone() throws Exception {
        inBrowser((scene, page) -> {
            scene.control.changeQuirks("{\"session_event\":\"withheld\"}");
            var seen = connect(page, dialog -> dialog.click("#finish"));
            assertThat(seen).hasSize(1);
            assertThat(seen.at("/0/login/code").asText()).isNotEmpty();
        });
    }

    /**
     * Clicks connect, lets the person act in the dialog, waits for the callback, and tells what the
     * page saw.
     */
    private static JsonNode connect(Page page, Consumer<Page> person) {
        page.evaluate("window.seen.length = 0");
        var dialog = page.waitForPopup(() -> page.click("#connect"));
        dialog.waitForSelector(
                "label:has(input[type=radio])",
                new Page.WaitForSelectorOptions().setTimeout(10_000));
        person.accept(dialog);
        await().until(() -> {
            page.waitForTimeout(20); // lets Playwright's own event loop turn
            return dialog.isClosed()
                    && Boolean.TRUE.equals(page.evaluate("seen.some(one => 'login' in one)"));
        });
        return Json.parse(String.valueOf(page.evaluate("JSON.stringify(seen)")));
    }

    private interface Work {
        void with(Scene scene, Page page) throws Exception;
    }

    private static @Nullable Playwright playwright;
    private static @Nullable Browser browser;

    @BeforeAll
    static void openBrowser() {
        var chromium =
                Stream.of("chromium", "chromium-browser", "google-chrome")
                        .map(ChildProcess::find)
                        .filter(Objects::nonNull)
                        .findFirst()
                        .orElse(null);
        if (chromium == null) {
            if (System.getenv("CI") != null) {
                fail("chromium is missing, and CI leaves nothing out");
            }
            System.out.println("Left out: the signup dialog in a browser; chromium is missing.");
            return;
        }
        var launch =
                new BrowserType.LaunchOptions()
                        .setExecutablePath(Path.of(chromium))
                        .setArgs(List.of("--no-sandbox", "--disable-dev-shm-usage"));
        playwright =
                Playwright.create(
                        new Playwright.CreateOptions()
                                .setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        browser = playwright.chromium().launch(launch);
    }

    @AfterAll
    static void closeBrowser() {
        if (playwright != null) {
            playwright.close();
        }
    }

    private static void inBrowser(Work work) throws Exception {
        if (browser == null) {
            return; // told when it was looked for
        }
        try (var scene = new Scene();
                var tenant =
                        LoopbackServer.start(
                                0, _ -> Answer.text(200, "text/html; charset=utf-8", page(scene)));
                var context = browser.newContext()) {
            var page = context.newPage();
            // Another host name: another site than the simulator's.
            page.navigate("http://localhost:" + tenant.port() + "/connect");
            page.waitForFunction("window.ready === true");
            work.with(scene, page);
        }
    }

    private static String page(Scene scene) {
        return TENANT_PAGE
                .replace("APP", scene.simulator.options().appId())
                .replace("CONFIG", scene.simulator.options().configId())
                .replace("SIMULATOR", scene.simulator.baseUrl());
    }
}
