import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import software.amazon.event.ruler.Machine;

/**
 * The peer of `make bench-rules`: AWS event-ruler over rules and events that the bench wrote, on one thread.
 *
 * Arguments: events (a JSON object a line), seconds of warming, rounds, then for each ruleset its rules (a line each:
 * name, a blank, a pattern) and the file that takes what was found (a line an event: the names, sorted). Prints a line
 * for each ruleset: least CPU nanoseconds an event over the rounds, nanoseconds of adding the rules.
 */
public class EventRuler {
    private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

    public static void main(String[] arguments) throws Exception {
        List<String> events = Files.readAllLines(Path.of(arguments[0]));
        long warming = Long.parseLong(arguments[1]) * 1_000_000_000L;
        int rounds = Integer.parseInt(arguments[2]);
        for (int at = 3; at < arguments.length; at += 2) {
            Machine machine = new Machine();
            long began = CLOCK.getCurrentThreadCpuTime();
            for (String line : Files.readAllLines(Path.of(arguments[at]))) {
                int blank = line.indexOf(' ');
                machine.addRule(line.substring(0, blank), line.substring(blank + 1));
            }
            long adding = CLOCK.getCurrentThreadCpuTime() - began;
            write(machine, events, arguments[at + 1]);
            long until = System.nanoTime() + warming;
            while (System.nanoTime() < until) {
                round(machine, events);
            }
            long least = Long.MAX_VALUE;
            for (int n = 0; n < rounds; n++) {
                least = Math.min(least, round(machine, events));
            }
            System.out.println(least / events.size() + " " + adding);
        }
    }

    private static int sink;

    private static long round(Machine machine, List<String> events) throws Exception {
        long began = CLOCK.getCurrentThreadCpuTime();
        for (String event : events) {
            sink += machine.rulesForJSONEvent(event).size();
        }
        return CLOCK.getCurrentThreadCpuTime() - began;
    }

    private static void write(Machine machine, List<String> events, String file) throws Exception {
        try (PrintWriter out = new PrintWriter(file)) {
            for (String event : events) {
                List<String> names = new ArrayList<>(machine.rulesForJSONEvent(event));
                Collections.sort(names);
                out.println(String.join(" ", names));
            }
        }
    }
}
