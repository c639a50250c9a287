import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import software.amazon.event.ruler.GenericMachine;

/** What the bench wrote for us: topics, rules, who gets what, and outputs to give without thinking. Read only. */
final class Job {
    static final ObjectMapper JSON = new ObjectMapper();
    static final String[] CODES = {"channel", "kind", "urgency", "category"};

    final String incidents;
    final String decisions;
    final List<String> agencies = new ArrayList<>();
    final List<String> rules = new ArrayList<>();
    final List<List<String>> asked = new ArrayList<>();
    final Map<String, String> places = new HashMap<>();
    final Map<String, Given[]> given = new HashMap<>();
    final List<Canned> canned = new ArrayList<>();
    final JsonNode stamp;
    final JsonNode due;
    private final Path folder;

    record Given(String role, String agency, int topic) {}

    record Output(int topic, byte[] value) {}

    record Canned(List<Output> outputs, byte[] state) {}

    Job(Path folder) throws Exception {
        this.folder = folder;
        JsonNode told = JSON.readTree(folder.resolve("job.json").toFile());
        incidents = told.get("incidents").asText();
        decisions = told.get("decisions").asText();
        told.get("agencies").forEach(name -> agencies.add(name.asText()));
        told.get("rules").forEach(name -> rules.add(name.asText()));
        for (JsonNode fields : told.get("asked")) {
            List<String> names = new ArrayList<>();
            fields.forEach(name -> names.add(name.asText()));
            asked.add(names);
        }
        told.get("places").fields().forEachRemaining(each -> places.put(each.getKey(), each.getValue().asText()));
        told.get("given").fields().forEachRemaining(each -> given.put(each.getKey(), given(each.getValue())));
        stamp = told.get("stamp");
        due = told.get("due");
        for (JsonNode one : told.get("canned")) {
            List<Output> outputs = new ArrayList<>();
            for (JsonNode output : one.get("outputs")) {
                outputs.add(new Output(output.get(0).asInt(), output.get(1).binaryValue()));
            }
            canned.add(new Canned(outputs, one.get("state").binaryValue()));
        }
    }

    private static Given[] given(JsonNode roles) {
        Given[] all = new Given[roles.size()];
        for (int n = 0; n < all.length; n++) {
            JsonNode one = roles.get(n);
            all[n] = new Given(one.get(0).asText(), one.get(1).asText(), one.get(2).asInt());
        }
        return all;
    }

    /** Event-ruler with every block of every rule, named by the rule's place in the list. */
    GenericMachine<Integer> machine() throws Exception {
        GenericMachine<Integer> machine = new GenericMachine<>();
        for (String line : Files.readAllLines(folder.resolve("patterns"))) {
            int blank = line.indexOf(' ');
            machine.addRule(Integer.parseInt(line.substring(0, blank)), line.substring(blank + 1));
        }
        return machine;
    }

    /** The first rule in the list that holds; the fallback, last of all, where none does. */
    int first(GenericMachine<Integer> machine, JsonNode incident) throws Exception {
        var codes = JSON.createObjectNode();
        for (String name : CODES) {
            JsonNode value = incident.get(name);
            if (value == null) {
                value = incident.get("report").get(name);
            }
            codes.put(name, value == null ? "normal" : value.asText());
        }
        JsonNode reporter = incident.get("report").get("reporter");
        codes.put("reporter", reporter != null && reporter.has("kind") ? reporter.get("kind").asText() : "citizen");
        codes.put("jurisdiction", places.get(incident.get("jurisdiction").asText()));
        JsonNode areas = incident.get("areas");
        if (areas != null) {
            ArrayNode listed = codes.putArray("area");
            areas.forEach(listed::add);
        }
        int first = rules.size() - 1;
        for (int rule : machine.rulesForJSONEvent(codes)) {
            first = Math.min(first, rule);
        }
        return first;
    }
}
