import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.LongAdder;
import java.util.concurrent.atomic.AtomicLong;

/** Counts events up to a number, and notes time and CPU of the first and the last. */
final class Progress {
    private static final OperatingSystemMXBean SYSTEM =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    final CountDownLatch done = new CountDownLatch(1);
    private final long wanted;
    private final AtomicLong taken = new AtomicLong();
    private final LongAdder records = new LongAdder();
    private final LongAdder bytes = new LongAdder();
    private volatile long began;
    private long ended;
    private long cpu;

    Progress(long wanted) {
        this.wanted = wanted;
    }

    void began() {
        if (began == 0) {
            synchronized (this) {
                if (began == 0) {
                    cpu = SYSTEM.getProcessCpuTime();
                    began = System.nanoTime();
                }
            }
        }
    }

    void out(int size) {
        records.increment();
        bytes.add(size);
    }

    void one() {
        if (taken.incrementAndGet() == wanted) {
            ended = System.nanoTime();
            cpu = SYSTEM.getProcessCpuTime() - cpu;
            done.countDown();
        }
    }

    String told() {
        double seconds = (ended - began) / 1e9;
        return String.format("{\"rate\":%.1f,\"cores\":%.3f,\"records\":%.3f,\"bytes\":%.1f}", wanted / seconds,
                cpu / 1e9 / seconds, records.sum() / (double) wanted, bytes.sum() / (double) wanted);
    }
}
