import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.processor.api.ProcessorSupplier;
import org.apache.kafka.streams.state.KeyValueBytesStoreSupplier;
import org.apache.kafka.streams.state.Stores;

/**
 * Kafka Streams with event-ruler beside the bus. One JVM for all rounds, so that it stays warm; a command a line:
 * `dispatch|pass NAME EVENTS THREADS COMMIT_MS mem|rocks` runs a new application over the whole incidents topic;
 * `hops NAME IN MID COMMIT_MS` runs both hops until the next line; `check FILE OUT` writes the first rule of each line.
 */
public class Peer {
    private static final Serde<String> KEYS = Serdes.String();
    private static final Serde<byte[]> VALUES = Serdes.ByteArray();

    private final String bootstrap;
    private final Path folder;
    private final Job job;

    Peer(String bootstrap, Path folder) throws Exception {
        this.bootstrap = bootstrap;
        this.folder = folder;
        job = new Job(folder);
    }

    public static void main(String[] arguments) throws Exception {
        Peer peer = new Peer(arguments[0], Path.of(arguments[1]));
        BufferedReader commands = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        System.out.println("ready");
        for (String line = commands.readLine(); line != null; line = commands.readLine()) {
            System.out.println(peer.run(line.split(" "), commands));
        }
        System.exit(0);
    }

    private String run(String[] words, BufferedReader commands) throws Exception {
        return switch (words[0]) {
            case "check" -> check(words[1], words[2]);
            case "hops" -> hops(words, commands);
            default -> timed(words);
        };
    }

    private String check(String events, String out) throws Exception {
        var machine = job.machine();
        StringBuilder told = new StringBuilder();
        for (String line : Files.readAllLines(Path.of(events))) {
            told.append(job.rules.get(job.first(machine, Job.JSON.readTree(line)))).append('\n');
        }
        Files.writeString(Path.of(out), told);
        return "{}";
    }

    private String timed(String[] words) throws Exception {
        Progress progress = new Progress(Long.parseLong(words[2]));
        Topology topology = new Topology();
        topology.addSource("in", KEYS.deserializer(), VALUES.deserializer(), job.incidents);
        boolean thinks = words[0].equals("dispatch");
        gate(topology, "in", words[5].equals("mem"), () -> thinks ? new Dispatch(job, progress) : new Pass(job, progress));
        Properties wanted = properties(words[1], words[3], words[4]);
        wanted.put("producer.linger.ms", "20");
        KafkaStreams streams = started(topology, wanted);
        boolean ended = progress.done.await(180, TimeUnit.SECONDS);
        streams.close(Duration.ofSeconds(20));
        return ended ? progress.told() : "{\"failed\":\"not done after 180 s\"}";
    }

    private String hops(String[] words, BufferedReader commands) throws Exception {
        Topology topology = new Topology();
        topology.addSource("reports", KEYS.deserializer(), VALUES.deserializer(), words[2]);
        topology.addProcessor("take", Take::new, "reports");
        topology.addStateStore(
                Stores.keyValueStoreBuilder(Stores.inMemoryKeyValueStore("seen"), KEYS, VALUES), "take");
        topology.addSink("mid", words[3], KEYS.serializer(), VALUES.serializer(), "take");
        topology.addSource("in", KEYS.deserializer(), VALUES.deserializer(), words[3]);
        gate(topology, "in", true, () -> new Dispatch(job, new Progress(Long.MAX_VALUE)));
        Properties wanted = properties(words[1], "2", words[4]);
        wanted.put("producer.linger.ms", "0");
        KafkaStreams streams = started(topology, wanted);
        for (int n = 0; n < 300 && streams.state() != KafkaStreams.State.RUNNING; n++) {
            Thread.sleep(100);
        }
        System.out.println("running");
        commands.readLine();
        streams.close(Duration.ofSeconds(20));
        return "{}";
    }

    private void gate(
            Topology topology, String source, boolean memory, ProcessorSupplier<String, byte[], String, byte[]> made) {
        KeyValueBytesStoreSupplier store =
                memory ? Stores.inMemoryKeyValueStore("cases") : Stores.persistentKeyValueStore("cases");
        topology.addProcessor("gate", made, source);
        topology.addStateStore(Stores.keyValueStoreBuilder(store, KEYS, VALUES), "gate");
        for (String name : job.agencies) {
            topology.addSink(name, name, KEYS.serializer(), VALUES.serializer(), "gate");
        }
        topology.addSink(job.decisions, job.decisions, KEYS.serializer(), VALUES.serializer(), "gate");
    }

    private KafkaStreams started(Topology topology, Properties wanted) {
        KafkaStreams streams = new KafkaStreams(topology, wanted);
        streams.setUncaughtExceptionHandler(problem -> {
            problem.printStackTrace();
            Runtime.getRuntime().halt(3);
            return null;
        });
        streams.start();
        return streams;
    }

    private Properties properties(String name, String threads, String commit) {
        Properties wanted = new Properties();
        wanted.put("application.id", name);
        wanted.put("bootstrap.servers", bootstrap);
        wanted.put("processing.guarantee", "exactly_once_v2");
        wanted.put("auto.offset.reset", "earliest");
        wanted.put("num.stream.threads", threads);
        wanted.put("commit.interval.ms", commit);
        wanted.put("state.dir", folder.resolve("state").toString());
        wanted.put("replication.factor", "1");
        wanted.put("producer.batch.size", "262144");
        wanted.put("producer.buffer.memory", "134217728");
        wanted.put("max.poll.records", "4000");
        wanted.put("consumer.max.partition.fetch.bytes", "4194304");
        wanted.put("consumer.fetch.max.bytes", "33554432");
        return wanted;
    }
}
