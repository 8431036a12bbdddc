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
import dev.gesher.simulator.world.NumberSpec;
import java.io.File;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** A Gesher with Meta's stand-in, and a browser before its connect page. */
record PageStage(
        RunningGesher gesher, Playwright playwright, Browser browser, List<BrowserContext> contexts)
        implements AutoCloseable {
    static PageStage set() {
        var chromium = chromium();
        if (chromium.isEmpty()) {
            fail(
                    "no Chromium on the PATH; ./verify leaves the browser tests out where there is none");
        }
        var gesher = RunningGesher.startWithSimulator();
        var playwright =
                Playwright.create(
                        new Playwright.CreateOptions()
                                .setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        var browser =
                playwright
                        .chromium()
                        .launch(
                                new BrowserType.LaunchOptions()
                                        .setExecutablePath(chromium.orElseThrow())
                                        .setArgs(
                                                List.of(
                                                        "--no-sandbox",
                                                        "--disable-dev-shm-usage",
                                                        "--disable-background-networking")));
        return new PageStage(gesher, playwright, browser, new ArrayList<>());
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

    /** An empty page of a visitor who has been nowhere. */
    Page newPage(String locale) {
        var context = browser.newContext(new Browser.NewContextOptions().setLocale(locale));
        contexts.add(context);
        context.setDefaultTimeout(20_000);
        return context.newPage();
    }

    /** The address of a new connect link. */
    String link(TestTenant tenant) {
        var link = gesher.post("/v1/connection/connect-links", tenant.token(), Map.of());
        assertThat(link.status()).as(link.text()).isEqualTo(201);
        return link.at("/url");
    }

    Page open(TestTenant tenant, String locale) {
        var page = newPage(locale);
        page.navigate(link(tenant));
        return page;
    }

    /** Goes from the question to Meta's dialog. */
    static Page dialog(Page page) {
        page.click("#yes");
        assertThat(page.locator("#open-dialog")).isEnabled();
        var dialog = page.waitForPopup(() -> page.click("#open-dialog"));
        dialog.waitForSelector("label:has(input[type=radio])");
        return dialog;
    }

    static void finish(Page dialog, String phoneNumberId) {
        dialog.click("#number-" + phoneNumberId);
        dialog.click("#finish");
    }

    Business business(NumberSpec... numbers) {
        var spec = BusinessSpec.named("פרחי דנה");
        for (var number : numbers) {
            spec = spec.withNumber(number);
        }
        return gesher.simulator().control().createBusiness(spec);
    }

    String status(TestTenant tenant) {
        return gesher.get("/v1/connection", tenant.token()).at("/status");
    }

    /** What one test leaves to the next. */
    void clear() {
        gesher.simulator().control().clearFaults();
        gesher.simulator().control().changeQuirks("{\"session_event\":\"before_code\"}");
        contexts.forEach(BrowserContext::close);
        contexts.clear();
    }

    @Override
    public void close() {
        playwright.close();
        gesher.close();
    }
}
