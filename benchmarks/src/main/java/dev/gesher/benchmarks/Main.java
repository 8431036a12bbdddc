package dev.gesher.benchmarks;

import java.time.Duration;
import java.util.List;

/**
 * {@code intake}, {@code accept}, {@code dispatch}, {@code apply} or {@code tenants}, and how many
 * seconds each measurement of a round takes.
 */
public final class Main {
    private static final Duration BY_DEFAULT = Duration.ofSeconds(5);
    private static final int BROKEN = 1;
    private static final int REFUSED = 2;

    private Main() {}

    /** Measures and prints. */
    public static void main(String[] arguments) {
        int result;
        try {
            result = run(List.of(arguments));
        } catch (Exception | Error e) {
            e.printStackTrace();
            result = BROKEN;
        }
        // Threads of the simulator would outlive a run that broke.
        System.exit(result);
    }

    private static int run(List<String> arguments) throws Exception {
        var time =
                arguments.size() > 1
                        ? Duration.ofSeconds(Integer.parseInt(arguments.get(1)))
                        : BY_DEFAULT;
        switch (arguments.isEmpty() ? "" : arguments.getFirst()) {
            case "intake" -> IntakeBenchmark.run(time);
            case "accept" -> AcceptBenchmark.run(time);
            case "check" -> {
                return AcceptBenchmark.run(Duration.ofSeconds(1)) ? 0 : BROKEN;
            }
            case "startup" -> StartupBenchmark.run();
            case "soak" -> StartupBenchmark.soak(time.toSeconds());
            case "dispatch" -> WorkBenchmark.dispatch(time);
            case "apply" -> WorkBenchmark.apply(time);
            case "tenants" -> WorkBenchmark.tenants(time);
            default -> {
                System.err.println(
                        "Arguments: check, or one of intake, accept, dispatch, apply, tenants, startup or soak; then the seconds of a measurement.");
                return REFUSED;
            }
        }
        return 0;
    }
}
