import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;
import software.amazon.event.ruler.GenericMachine;

/** Dispatch as the bus does it: parse, look the case up, first rule that holds, assignments, a decision, the state. */
final class Dispatch implements Processor<String, byte[], String, byte[]> {
    private final Job job;
    private final Progress progress;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> cases;
    private GenericMachine<Integer> machine;
    private MessageDigest sha;

    Dispatch(Job job, Progress progress) {
        this.job = job;
        this.progress = progress;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        cases = context.getStateStore("cases");
        try {
            machine = job.machine();
            sha = MessageDigest.getInstance("SHA-256");
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
    }

    @Override
    public void process(Record<String, byte[]> record) {
        progress.began();
        try {
            JsonNode incident = Job.JSON.readTree(record.value());
            String id = incident.get("id").asText();
            if (cases.get(id) == null) {
                decide(record, incident, id);
            }
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
        progress.one();
    }

    private void decide(Record<String, byte[]> record, JsonNode incident, String id) throws Exception {
        int rule = job.first(machine, incident);
        Job.Given[] given = job.given.get(rule + " " + incident.get("jurisdiction").asText());
        String now = java.time.Instant.ofEpochMilli(record.timestamp()).toString();
        String decision = id("dec-", id, "1", id);
        send(record, "decision", decision, now, job.decisions, decision(incident, id, rule, given, now));
        for (Job.Given one : given) {
            String assignment = id("asg-", id, one.agency(), "1", one.role());
            ObjectNode body = assignment(incident, id, decision, given[0].agency(), rule, now);
            body.put("id", assignment).put("role", one.role()).put("agency", one.agency());
            send(record, "assignment", assignment, now, job.agencies.get(one.topic()), body);
        }
        ObjectNode state = Job.JSON.createObjectNode().put("round", 1).put("lead", given[0].agency()).put("at", now);
        byte[] line = Job.JSON.writeValueAsBytes(state.put("rule", job.rules.get(rule)));
        byte[] kept = ByteBuffer.allocate(line.length + record.value().length).put(line).put(record.value()).array();
        cases.put(id, kept);
        progress.out(kept.length);
    }

    private ObjectNode decision(JsonNode incident, String id, int rule, Job.Given[] given, String now) {
        ObjectNode told = Job.JSON.createObjectNode().put("incident", id).put("round", 1).put("now", now);
        told.set("ruleset", job.stamp);
        told.putObject("state").put("round", 1).put("reporters", 1).put("reports", 1).putArray("returned_by");
        told.put("mode", "routine").put("reason", "matched").put("route", job.rules.get(rule));
        told.put("lead", given[0].agency());
        ArrayNode roles = told.putArray("roles");
        for (Job.Given one : given) {
            roles.addObject().put("role", one.role()).put("agency", one.agency()).put("asked", one.agency())
                    .put("resolved", "as_asked").put("rule", job.rules.get(rule));
        }
        told.set("urgency", incident.get("urgency"));
        told.set("due", job.due);
        ObjectNode evidence = told.putObject("evidence");
        evidence.set("inferred", incident.get("evidence"));
        ArrayNode conditions = evidence.putArray("conditions");
        for (String field : job.asked.get(rule)) {
            JsonNode value = incident.has(field) ? incident.get(field) : incident.get("report").get(field);
            conditions.addObject().put("field", field).set("value", value);
        }
        return told;
    }

    private ObjectNode assignment(JsonNode incident, String id, String decision, String lead, int rule, String now) {
        JsonNode report = incident.get("report");
        ObjectNode told = Job.JSON.createObjectNode().put("incident", id).put("decision", decision).put("round", 1);
        told.put("lead", lead).put("decided_at", now).put("received_at", now);
        for (String name : new String[] {"kind", "category", "urgency", "jurisdiction"}) {
            told.set(name, incident.get(name));
        }
        for (String name : new String[] {"channel", "external_id", "title", "text", "address", "reporter"}) {
            told.set(name, report.get(name));
        }
        told.set("due", job.due);
        told.putObject("ground").put("rule", job.rules.get(rule)).put("title", job.rules.get(rule));
        return told;
    }

    private void send(Record<String, byte[]> record, String what, String id, String now, String to, ObjectNode body)
            throws Exception {
        byte[] value = Job.JSON.writeValueAsBytes(body);
        progress.out(value.length);
        context.forward(new Record<>(record.key(), value, record.timestamp(), headers(what, id, now, record.key())), to);
    }

    static Headers headers(String what, String id, String now, String subject) {
        RecordHeaders headers = new RecordHeaders();
        String[] all = {"ce_id", id, "ce_type", "incidentbus." + what + ".v1", "ce_specversion", "1.0", "ce_source",
            "incidentbus/dispatch", "ce_time", now, "content-type", "application/json", "ce_subject", subject};
        for (int n = 0; n < all.length; n += 2) {
            headers.add(all[n], all[n + 1].getBytes(StandardCharsets.UTF_8));
        }
        return headers;
    }

    private String id(String prefix, String... parts) {
        for (String part : parts) {
            byte[] raw = part.getBytes(StandardCharsets.UTF_8);
            sha.update(ByteBuffer.allocate(8).putLong(0, raw.length));
            sha.update(raw);
        }
        return prefix + HexFormat.of().formatHex(sha.digest(), 0, 14);
    }
}
