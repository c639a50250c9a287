import com.fasterxml.jackson.databind.JsonNode;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** The first of two hops: parse, drop what was seen, hand on under the incident's id. */
final class Take implements Processor<String, byte[], String, byte[]> {
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> seen;

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        seen = context.getStateStore("seen");
    }

    @Override
    public void process(Record<String, byte[]> record) {
        try {
            JsonNode told = Job.JSON.readTree(record.value());
            String id = told.get("id").asText();
            if (seen.get(id) == null) {
                seen.put(id, new byte[] {1});
                context.forward(new Record<>(id, Job.JSON.writeValueAsBytes(told), record.timestamp()));
            }
        } catch (Exception problem) {
            throw new IllegalStateException(problem);
        }
    }
}
