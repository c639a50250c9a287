import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.state.KeyValueStore;

/** The ceiling: the same records in and out, and nothing thought. */
final class Pass implements Processor<String, byte[], String, byte[]> {
    private final Job job;
    private final Progress progress;
    private ProcessorContext<String, byte[]> context;
    private KeyValueStore<String, byte[]> cases;

    Pass(Job job, Progress progress) {
        this.job = job;
        this.progress = progress;
    }

    @Override
    public void init(ProcessorContext<String, byte[]> context) {
        this.context = context;
        cases = context.getStateStore("cases");
    }

    @Override
    public void process(Record<String, byte[]> record) {
        progress.began();
        CRC32 crc = new CRC32();
        crc.update(record.key().getBytes(StandardCharsets.UTF_8));
        Job.Canned canned = job.canned.get((int) (crc.getValue() % job.canned.size()));
        for (Job.Output output : canned.outputs()) {
            String what = output.topic() < 0 ? "decision" : "assignment";
            String to = output.topic() < 0 ? job.decisions : job.agencies.get(output.topic());
            progress.out(output.value().length);
            var headers = Dispatch.headers(what, "asg-00000000000000000000000000", "2026-05-12T02:00:00Z", record.key());
            context.forward(new Record<>(record.key(), output.value(), record.timestamp(), headers), to);
        }
        cases.put(record.key(), canned.state());
        progress.out(canned.state().length);
        progress.one();
    }
}
