import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.APPEND;
import static java.nio.file.StandardOpenOption.CREATE;
import static java.nio.file.StandardOpenOption.DSYNC;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Takes an agency's assignments, each once, and acknowledges them; reads the notices that lie between.
 * Arguments: brokers, agency, file of handled ids.
 */
public final class TakeAssignments {
    public static void main(String[] args) throws Exception {
        String brokers = args[0];
        String agency = args[1];
        Path file = Path.of(args[2]);
        Set<String> handled = new HashSet<>(Files.exists(file) ? Files.readAllLines(file) : List.of());
        Map<String, Object> reading = Map.of(
                "bootstrap.servers", brokers,
                "group.id", "agency." + agency,      // the one group that the bus lets this agency use
                "isolation.level", "read_committed", // Java's default is read_uncommitted
                "enable.auto.commit", "false",       // committed below, after the work
                "auto.offset.reset", "earliest",     // a new group begins with what is there
                "session.timeout.ms", "10000");      // what a dead machine held is free after that
        Map<String, Object> writing = Map.of("bootstrap.servers", brokers, "acks", "all");
        try (var consumer = new KafkaConsumer<>(reading, new StringDeserializer(), new StringDeserializer());
                var producer = new KafkaProducer<>(writing, new StringSerializer(), new StringSerializer())) {
            consumer.subscribe(List.of("agency." + agency + ".assignments.v1"));
            while (true) {
                for (var record : consumer.poll(Duration.ofSeconds(1))) {
                    String id = header(record, "ce_id");
                    if (!handled.contains(id)) {
                        switch (header(record, "ce_type")) {
                            case "incidentbus.assignment.v1" -> {
                                work(record.value());
                                producer.send(acknowledgement(agency, id, record)).get(); // waits for every replica
                            }
                            case "incidentbus.assignment-notice.v1" -> heed(record.value());
                            default -> System.err.println("left alone: " + id);
                        }
                        Files.writeString(file, id + "\n", CREATE, APPEND, DSYNC);
                        handled.add(id);
                    }
                    var place = new TopicPartition(record.topic(), record.partition());
                    consumer.commitSync(Map.of(place, new OffsetAndMetadata(record.offset() + 1)));
                }
            }
        }
    }

    /** The agency's own work. It may be done again if the machine dies before the id is written. */
    private static void work(String assignment) {
        System.out.println(assignment);
    }

    /** What the agency makes of a notice: reminded, supervised, granted time, withdrawn, closed. */
    private static void heed(String notice) {
        System.out.println(notice);
    }

    private static String header(ConsumerRecord<String, String> of, String name) {
        return new String(of.headers().lastHeader(name).value(), UTF_8);
    }

    private static ProducerRecord<String, String> acknowledgement(
            String agency, String assignment, ConsumerRecord<String, String> of) {
        String id = assignment + "/acknowledged"; // the same however often it is sent
        String now = Instant.now().toString();
        String fact = String.format(
                "{\"id\":\"%s\",\"incident\":\"%s\",\"fact\":\"acknowledged\",\"at\":\"%s\","
                        + "\"agency\":\"%s\",\"assignment\":\"%s\"}",
                id, of.key(), now, agency, assignment);
        var told = new ProducerRecord<>("agency." + agency + ".feedback.v1", of.key(), fact);
        Map.of("ce_specversion", "1.0", "ce_id", id, "ce_type", "incidentbus.fact.v1",
                        "ce_source", "incidentbus/" + agency, "ce_time", now, "ce_subject", of.key(),
                        "content-type", "application/json")
                .forEach((name, value) -> told.headers().add(name, value.getBytes(UTF_8)));
        return told;
    }
}
