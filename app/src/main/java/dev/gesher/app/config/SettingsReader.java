package dev.gesher.app.config;

import dev.gesher.app.config.Settings.Database;
import dev.gesher.app.config.Settings.KeySource;
import dev.gesher.app.config.Settings.KeySources;
import dev.gesher.app.config.Settings.MediaStorage;
import dev.gesher.app.config.Settings.Meta;
import dev.gesher.app.config.Settings.Observing;
import dev.gesher.app.config.Settings.Operator;
import dev.gesher.app.config.Settings.Ports;
import dev.gesher.app.config.Settings.Retention;
import dev.gesher.app.config.Settings.S3;
import dev.gesher.app.config.Settings.S3Keys;
import dev.gesher.tenant.Mode;
import dev.gesher.tenant.SecretText;
import dev.gesher.tenant.StartRefusedException;
import dev.gesher.tenant.WebhookRetention;
import java.net.InetAddress;
import java.net.URI;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads {@link Settings} from environment variables; refuses with one sentence that names the
 * variable.
 */
final class SettingsReader {
    private static final int SHORTEST_OPERATOR_SECRET = 32;

    /** In days, whichever years these are. */
    private static final int TWO_YEARS = 731;

    private static final int A_CENTURY = 36_525;
    private static final Pattern DIGITS = Pattern.compile("\\d{1,32}");
    private static final Pattern GRAPH_VERSION = Pattern.compile("v\\d{1,3}\\.\\d{1,2}");
    private static final Pattern BUCKET = Pattern.compile("[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]");
    private static final List<String> S3_VARIABLES =
            List.of(
                    "GESHER_MEDIA_S3_ENDPOINT",
                    "GESHER_MEDIA_S3_REGION",
                    "GESHER_MEDIA_S3_ACCESS_KEY",
                    "GESHER_MEDIA_S3_SECRET_KEY");
    private static final Pattern CLIENT_ID = Pattern.compile("[A-Za-z0-9._-]{1,100}");

    private final Map<String, String> environment;

    SettingsReader(Map<String, String> environment) {
        this.environment = environment;
    }

    Settings read() {
        var mode = mode();
        boolean insecure = flag("GESHER_ALLOW_INSECURE");
        var ports = ports(mode);
        var publicUrl = publicUrl(mode, ports, insecure);
        var dataDir = dataDir();
        return new Settings(
                mode,
                meta(mode, ports, insecure),
                database(mode),
                keySources(mode),
                operator(mode),
                publicUrl,
                ports,
                dataDir,
                deletedTenantsFile(dataDir),
                mediaStorage(mode, dataDir, insecure),
                trustedProxies(),
                roles(),
                insecure,
                new Observing(
                        logFormat(mode),
                        otlp(),
                        Duration.ofSeconds(number("GESHER_INBOX_LATE_SECONDS", 60, 1, 86_400))),
                retention());
    }

    private Retention retention() {
        return new Retention(
                number(
                        "GESHER_WEBHOOK_DAYS",
                        WebhookRetention.LEAST,
                        WebhookRetention.LEAST,
                        WebhookRetention.MOST),
                number("GESHER_MESSAGE_DAYS", TWO_YEARS, 30, A_CENTURY),
                number("GESHER_EVENT_DAYS", 30, 7, A_CENTURY),
                number("GESHER_AUDIT_DAYS", TWO_YEARS, TWO_YEARS, A_CENTURY));
    }

    private MediaStorage mediaStorage(Mode mode, Path dataDir, boolean insecure) {
        var dir =
                value("GESHER_MEDIA_DIR")
                        .map(text -> path("GESHER_MEDIA_DIR", text))
                        .orElseGet(() -> dataDir.resolve("media"));
        var bucket = value("GESHER_MEDIA_S3_BUCKET");
        if (bucket.isEmpty()) {
            for (var name : S3_VARIABLES) {
                if (value(name).isPresent()) {
                    throw new StartRefusedException(
                            "GESHER_MEDIA_S3_BUCKET is missing although " + name + " is set.");
                }
            }
            return new MediaStorage(dir, Optional.empty());
        }
        if (!BUCKET.matcher(bucket.get()).matches()) {
            throw new StartRefusedException("GESHER_MEDIA_S3_BUCKET is no name of a bucket.");
        }
        var endpoint =
                value("GESHER_MEDIA_S3_ENDPOINT")
                        .map(given -> url("GESHER_MEDIA_S3_ENDPOINT", given));
        endpoint.ifPresent(url -> refuseInsecure(mode, "GESHER_MEDIA_S3_ENDPOINT", url, insecure));
        return new MediaStorage(
                dir,
                Optional.of(
                        new S3(
                                bucket.get(),
                                endpoint,
                                value("GESHER_MEDIA_S3_REGION").orElse("us-east-1"),
                                s3Keys())));
    }

    private Optional<S3Keys> s3Keys() {
        var accessKey = value("GESHER_MEDIA_S3_ACCESS_KEY");
        var secretKey = value("GESHER_MEDIA_S3_SECRET_KEY");
        if (accessKey.isPresent() != secretKey.isPresent()) {
            throw new StartRefusedException(
                    "GESHER_MEDIA_S3_ACCESS_KEY and GESHER_MEDIA_S3_SECRET_KEY go together, and one of them is missing.");
        }
        return accessKey.map(key -> new S3Keys(key, SecretText.of(secretKey.orElseThrow())));
    }

    private LogFormat logFormat(Mode mode) {
        var given = value("GESHER_LOG_FORMAT");
        if (given.isEmpty()) {
            return mode == Mode.PRODUCTION ? LogFormat.JSON : LogFormat.TEXT;
        }
        return switch (given.get()) {
            case "json" -> LogFormat.JSON;
            case "text" -> LogFormat.TEXT;
            default -> throw new StartRefusedException("GESHER_LOG_FORMAT must be json or text.");
        };
    }

    private Optional<URI> otlp() {
        var name = "OTEL_EXPORTER_OTLP_ENDPOINT";
        return value(name).map(given -> url(name, given));
    }

    private Mode mode() {
        var given = value("GESHER_MODE");
        if (given.isEmpty()) {
            return value("META_APP_ID").isPresent() ? Mode.PRODUCTION : Mode.DEMO;
        }
        return switch (given.get()) {
            case "demo" -> Mode.DEMO;
            case "production" -> Mode.PRODUCTION;
            default -> throw new StartRefusedException("GESHER_MODE must be demo or production.");
        };
    }

    private Ports ports(Mode mode) {
        if (mode == Mode.PRODUCTION && value("GESHER_SIMULATOR_PORT").isPresent()) {
            throw new StartRefusedException(
                    "GESHER_SIMULATOR_PORT is set, but the simulator is refused in production mode.");
        }
        var ports =
                new Ports(
                        port("GESHER_PORT", 8080),
                        port("GESHER_MANAGEMENT_PORT", 8081),
                        port("GESHER_SIMULATOR_PORT", 8082));
        if (ports.api() == ports.management()) {
            throw new StartRefusedException("GESHER_MANAGEMENT_PORT must differ from GESHER_PORT.");
        }
        if (mode == Mode.DEMO
                && (ports.simulator() == ports.api() || ports.simulator() == ports.management())) {
            throw new StartRefusedException(
                    "GESHER_SIMULATOR_PORT must differ from GESHER_PORT and GESHER_MANAGEMENT_PORT.");
        }
        return ports;
    }

    private int port(String name, int byDefault) {
        return number(name, byDefault, 1, 65_535);
    }

    private URI publicUrl(Mode mode, Ports ports, boolean insecure) {
        if (mode == Mode.PRODUCTION) {
            required("GESHER_PUBLIC_URL", mode);
        }
        var url = url("GESHER_PUBLIC_URL", "http://localhost:" + ports.api());
        refuseInsecure(mode, "GESHER_PUBLIC_URL", url, insecure);
        return url;
    }

    private Meta meta(Mode mode, Ports ports, boolean insecure) {
        var graphUrl =
                url(
                        "META_GRAPH_URL",
                        mode == Mode.DEMO
                                ? "http://127.0.0.1:" + ports.simulator()
                                : "https://graph.facebook.com");
        refuseInsecure(mode, "META_GRAPH_URL", graphUrl, insecure);
        var version = value("META_GRAPH_VERSION").orElse("v21.0");
        if (!GRAPH_VERSION.matcher(version).matches()) {
            throw new StartRefusedException("META_GRAPH_VERSION must look like v21.0.");
        }
        return new Meta(
                digits("META_APP_ID")
                        .orElseGet(() -> inDemo(mode, "META_APP_ID", "1000000000000001")),
                secretOrInDemo(mode, "META_APP_SECRET"),
                value("META_APP_SECRET_PREVIOUS").map(SecretText::of),
                digits("META_CONFIG_ID")
                        .or(() ->
                                mode == Mode.DEMO
                                        ? Optional.of("2000000000000001")
                                        : Optional.empty()),
                secretOrInDemo(mode, "WHATSAPP_WEBHOOK_VERIFY_TOKEN"),
                graphUrl,
                version);
    }

    private SecretText secretOrInDemo(Mode mode, String name) {
        return value(name)
                .map(SecretText::of)
                .orElseGet(() -> SecretText.of(inDemo(mode, name, randomHex())));
    }

    private static String inDemo(Mode mode, String name, String byDefault) {
        if (mode == Mode.PRODUCTION) {
            throw missing(name, mode);
        }
        return byDefault;
    }

    private Optional<Database> database(Mode mode) {
        var url = value("DATABASE_URL");
        if (url.isEmpty()) {
            if (mode == Mode.PRODUCTION) {
                throw new StartRefusedException(
                        "DATABASE_URL is missing, and production mode refuses the embedded database.");
            }
            return Optional.empty();
        }
        var address =
                DatabaseAddress.parse(url.get())
                        .orElseThrow(() ->
                                new StartRefusedException(
                                        "DATABASE_URL must look like jdbc:postgresql://host:5432/database."));
        var user =
                value("DATABASE_USER")
                        .or(address::user)
                        .orElseThrow(() -> missing("DATABASE_USER", mode));
        var password = value("DATABASE_PASSWORD").or(address::password).map(SecretText::of);
        var ownerUser = value("DATABASE_OWNER_USER");
        var ownerPassword = value("DATABASE_OWNER_PASSWORD").map(SecretText::of);
        if (ownerUser.isEmpty() && ownerPassword.isPresent()) {
            throw new StartRefusedException(
                    "DATABASE_OWNER_USER is missing although DATABASE_OWNER_PASSWORD is set.");
        }
        return Optional.of(
                new Database(
                        address.jdbcUrl(),
                        user,
                        password,
                        ownerUser.orElse(user),
                        ownerUser.isPresent() ? ownerPassword : password,
                        number("DATABASE_POOL_SIZE", 10, 2, 500)));
    }

    private KeySources keySources(Mode mode) {
        var previous = keySource("GESHER_KMS_URI_PREVIOUS", "GESHER_KEYSET_FILE_PREVIOUS");
        var current = keySource("GESHER_KMS_URI", "GESHER_KEYSET_FILE");
        if (current.isEmpty() && mode == Mode.PRODUCTION) {
            throw new StartRefusedException(
                    "GESHER_KEYSET_FILE or GESHER_KMS_URI is missing, and production mode refuses the embedded key.");
        }
        return new KeySources(current.orElseGet(KeySource.Embedded::new), previous);
    }

    private Optional<KeySource> keySource(String kmsVariable, String fileVariable) {
        var kmsUri = value(kmsVariable);
        var file = value(fileVariable);
        if (kmsUri.isPresent() && file.isPresent()) {
            throw new StartRefusedException(
                    fileVariable + " and " + kmsVariable + " are both set: a key has one source.");
        }
        return kmsUri.<KeySource>map(KeySource.Kms::new)
                .or(() ->
                        file.map(
                                it -> new KeySource.File(path(fileVariable, it).toAbsolutePath())));
    }

    private Operator operator(Mode mode) {
        var clientId = value("GESHER_OPERATOR_CLIENT_ID").orElse("operator");
        if (!CLIENT_ID.matcher(clientId).matches()) {
            throw new StartRefusedException(
                    "GESHER_OPERATOR_CLIENT_ID must be 1 to 100 letters, digits, dots, underscores or hyphens.");
        }
        var secret = value("GESHER_OPERATOR_CLIENT_SECRET");
        if (mode == Mode.PRODUCTION
                && required("GESHER_OPERATOR_CLIENT_SECRET", mode).length()
                        < SHORTEST_OPERATOR_SECRET) {
            throw new StartRefusedException(
                    "GESHER_OPERATOR_CLIENT_SECRET must have at least 32 characters in production mode.");
        }
        return new Operator(clientId, SecretText.of(secret.orElseGet(SettingsReader::randomHex)));
    }

    private Path deletedTenantsFile(Path dataDir) {
        return value("GESHER_DELETED_TENANTS_FILE")
                .map(text -> path("GESHER_DELETED_TENANTS_FILE", text).toAbsolutePath().normalize())
                .orElse(dataDir.resolve("deleted-tenants"));
    }

    private Path dataDir() {
        return path("GESHER_DATA_DIR", value("GESHER_DATA_DIR").orElse("data"))
                .toAbsolutePath()
                .normalize();
    }

    private List<Cidr> trustedProxies() {
        var ranges = new ArrayList<Cidr>();
        for (var text : list("GESHER_TRUSTED_PROXIES")) {
            ranges.add(
                    Cidr.parse(text)
                            .orElseThrow(() ->
                                    new StartRefusedException(
                                            "GESHER_TRUSTED_PROXIES must be IP addresses or ranges like 10.0.0.0/8, separated by commas.")));
        }
        return List.copyOf(ranges);
    }

    private Set<Role> roles() {
        var words = list("GESHER_ROLES");
        var roles = EnumSet.noneOf(Role.class);
        for (var word : words) {
            switch (word) {
                case "api" -> roles.add(Role.API);
                case "intake" -> roles.add(Role.INTAKE);
                case "workers" -> roles.add(Role.WORKERS);
                default ->
                        throw new StartRefusedException(
                                "GESHER_ROLES must be some of api, intake and workers, separated by commas.");
            }
        }
        return words.isEmpty() ? EnumSet.allOf(Role.class) : roles;
    }

    /** https on a host that others can reach, unless the operator insists. */
    private static void refuseInsecure(Mode mode, String name, URI url, boolean insecure) {
        if (mode == Mode.PRODUCTION && !insecure && !(isHttps(url) && isRealHost(url.getHost()))) {
            throw new StartRefusedException(
                    name
                            + " must be https on a real host in production mode (GESHER_ALLOW_INSECURE=true overrides).");
        }
    }

    private static boolean isHttps(URI url) {
        return "https".equals(url.getScheme());
    }

    private static boolean isRealHost(String host) {
        var bare = host.startsWith("[") ? host.substring(1, host.length() - 1) : host;
        try {
            var address = InetAddress.ofLiteral(bare);
            return !address.isLoopbackAddress()
                    && !address.isAnyLocalAddress()
                    && !address.isLinkLocalAddress();
        } catch (IllegalArgumentException aName) {
            var name = bare.toLowerCase(Locale.ROOT);
            return !name.equals("localhost") && !name.endsWith(".localhost");
        }
    }

    private URI url(String name, String byDefault) {
        var text = value(name).orElse(byDefault);
        while (text.endsWith("/")) {
            text = text.substring(0, text.length() - 1);
        }
        try {
            var url = URI.create(text);
            var scheme = url.getScheme();
            if (("http".equals(scheme) || "https".equals(scheme))
                    && url.getHost() != null
                    && url.getUserInfo() == null
                    && url.getQuery() == null
                    && url.getFragment() == null) {
                return url;
            }
        } catch (IllegalArgumentException malformed) {
            // falls through to the sentence: the text may hold a password, so it is not repeated
        }
        throw new StartRefusedException(
                name + " must be a http or https URL like https://gesher.example.com.");
    }

    private int number(String name, int byDefault, int from, int to) {
        var text = value(name);
        if (text.isEmpty()) {
            return byDefault;
        }
        try {
            int number = Integer.parseInt(text.get());
            if (number >= from && number <= to) {
                return number;
            }
        } catch (NumberFormatException malformed) {
            // falls through to the sentence
        }
        throw new StartRefusedException(
                name + " must be a number from " + from + " to " + to + ".");
    }

    private boolean flag(String name) {
        return switch (value(name).orElse("false")) {
            case "true" -> true;
            case "false" -> false;
            default -> throw new StartRefusedException(name + " must be true or false.");
        };
    }

    private Optional<String> digits(String name) {
        var text = value(name);
        if (text.isPresent() && !DIGITS.matcher(text.get()).matches()) {
            throw new StartRefusedException(name + " must be a number as Meta shows it.");
        }
        return text;
    }

    private static Path path(String name, String text) {
        try {
            return Path.of(text);
        } catch (InvalidPathException malformed) {
            throw new StartRefusedException(name + " is no path of a file or folder.");
        }
    }

    private List<String> list(String name) {
        return value(name).stream()
                .flatMap(text -> Pattern.compile(",").splitAsStream(text))
                .map(String::strip)
                .filter(word -> !word.isEmpty())
                .toList();
    }

    private String required(String name, Mode mode) {
        return value(name).orElseThrow(() -> missing(name, mode));
    }

    private static StartRefusedException missing(String name, Mode mode) {
        return new StartRefusedException(
                name
                        + " is missing; "
                        + mode.name().toLowerCase(Locale.ROOT)
                        + " mode requires it.");
    }

    /** Empty counts as unset, as docker-compose and CI systems pass it. */
    private Optional<String> value(String name) {
        return Optional.ofNullable(environment.get(name))
                .map(String::strip)
                .filter(v -> !v.isEmpty());
    }

    private static String randomHex() {
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        return HexFormat.of().formatHex(bytes);
    }
}
