package dev.kasuari.hw.fuzz;

import dev.kasuari.hw.intc.Plic;
import dev.kasuari.hw.misc.TestFinisher;
import dev.kasuari.hw.rtc.GoldfishRtc;
import dev.kasuari.hw.serial.Ns16550;
import dev.kasuari.hw.timer.Aclint;
import dev.kasuari.hw.virtio.VirtioMmio;
import dev.kasuari.machine.Device;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.testkit.DeviceProbe;
import dev.kasuari.testkit.TestBench;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Fuzz target: a board's devices, whose registers, inputs, clock and other ends do what the input
 * says. Whatever comes, they must not fail or hang, and saving and restoring changes no line.
 */
public final class RegisterFuzz implements AutoCloseable {
  private final FuzzInput in;
  private final TestBench bench = TestBench.driven();
  private final Line line = new Line();
  private final List<DeviceProbe<?>> devices;

  /** A serial line's other end; sends and takes what the input says. */
  private static final class Line implements CharBackend {
    private @Nullable Receiver receiver;
    private Consumer<Runnable> post = action -> {};
    private @Nullable Runnable writable;
    private int room;

    @Override
    public String id() {
      return "line";
    }

    @Override
    public void connect(Receiver newReceiver, Consumer<Runnable> newPost) {
      receiver = newReceiver;
      post = newPost;
    }

    @Override
    public synchronized int write(byte[] bytes, int offset, int length, Runnable whenWritable) {
      int taken = Math.min(room, length);
      room -= taken;
      writable = taken < length ? whenWritable : writable;
      return taken;
    }

    @Override
    public void acceptInput() {}

    @Override
    public void close() {}

    synchronized void take(int bytes) {
      room = bytes;
      Runnable tell = writable;
      writable = null;
      if (tell != null) {
        tell.run();
      }
    }

    void send(int bytes, boolean lineBreak) {
      post.accept(() -> {
        if (receiver != null && lineBreak) {
          receiver.event(Event.BREAK);
        } else if (receiver != null) {
          receiver.receive(new byte[Math.min(bytes, receiver.canReceive())]);
        }
      });
    }
  }

  private RegisterFuzz(FuzzInput in) {
    this.in = in;
    List<Device<?, ?>> all =
        List.of(
            Plic.of(Plic.machineAndSupervisor(2)),
            Aclint.of(2, 10_000_000),
            Ns16550.of(line),
            GoldfishRtc.of(),
            VirtioMmio.of(0),
            TestFinisher.of());
    List<DeviceProbe<?>> probes = new ArrayList<>();
    all.forEach(device -> probes.add(bench.plug(device)));
    devices = List.copyOf(probes);
  }

  /** What Jazzer calls. */
  public static void fuzzerTestOneInput(byte[] input) {
    steps(input);
  }

  /** Does what an input says, and counts the steps. */
  public static int steps(byte[] input) {
    try (var fuzz = new RegisterFuzz(new FuzzInput(input))) {
      return fuzz.run();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }

  private int run() throws InterruptedException {
    int steps = 0;
    for (; in.more(); steps++) {
      step(devices.get(in.choose(devices.size())));
      bench.awaitPosts();
      Throwable failure = bench.machine().failure();
      if (failure != null) {
        throw new AssertionError("the machine failed", failure);
      }
    }
    return steps;
  }

  private void step(DeviceProbe<?> device) {
    switch (in.choose(10)) {
      case 0, 1, 2 -> write(device, 1);
      case 3, 4 -> read(device, 1);
      case 5 -> write(device, 3);
      case 6 -> read(device, 3);
      case 7 -> bench.clock().advance(1L << in.choose(45));
      case 8 -> fromOutside();
      default -> seldom(device);
    }
  }

  /** Somewhere in the first bytes, of which there are as many as a number of that size counts. */
  private void write(DeviceProbe<?> device, int offsetSize) {
    int size = in.size();
    device.tryWrite(in.number(offsetSize) & -size, size, in.value());
  }

  private void read(DeviceProbe<?> device, int offsetSize) {
    int size = in.size();
    device.tryRead(in.number(offsetSize) & -size, size);
  }

  private void fromOutside() {
    int what = in.u8();
    int amount = in.u8();
    switch (what & 3) {
      case 0 -> line.send(amount, false);
      case 1 -> line.send(0, true);
      case 2 -> bench.machine().locked(() -> line.take(amount));
      default -> {
        var plic = (Plic) devices.getFirst().device();
        bench.machine().locked(() -> plic.input(1 + amount % 95).set((what & 4) != 0));
      }
    }
  }

  private void seldom(DeviceProbe<?> device) {
    switch (in.choose(3)) {
      case 0 -> device.reset();
      case 1 -> device.peek(in.number(2), in.size());
      default -> restore();
    }
  }

  private void restore() {
    List<Boolean> before = levels();
    var saved = bench.machine().devices().save();
    bench.machine().devices().restore(saved);
    if (!levels().equals(before)) {
      throw new AssertionError("restoring has changed a line");
    }
  }

  private List<Boolean> levels() {
    return devices.stream()
        .flatMap(d -> d.device().outputLines().stream())
        .map(l -> l.level())
        .toList();
  }

  @Override
  public void close() {
    bench.close();
  }
}
