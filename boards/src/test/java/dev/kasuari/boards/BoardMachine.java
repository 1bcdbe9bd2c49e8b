package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.interp.Interpreter;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A machine of any board, its serial port connected to a test. */
final class BoardMachine implements AutoCloseable {
  private final Line line = new Line();
  private final Line second = new Line();
  private final Machine machine;
  private final Board board;

  BoardMachine(String name, long ram, int cpus, BootOptions boot) throws BootException {
    this(name, "rv64", ram, cpus, boot);
  }

  BoardMachine(String name, String cpu, long ram, int cpus, BootOptions boot) throws BootException {
    this("riscv64", OptionSource.empty("-M"), name, cpu, ram, cpus, boot);
  }

  /**
   * Of any target.
   *
   * @param properties of the board
   */
  BoardMachine(
      String target,
      OptionSource properties,
      String name,
      String cpu,
      long ram,
      int cpus,
      BootOptions boot)
      throws BootException {
    machine = Machine.builder(name).build();
    boolean made = false;
    try {
      board = type(target, name).build(machine, options(properties, cpu, ram, cpus));
      board.load(boot);
      made = true;
    } finally {
      if (!made) {
        machine.close();
      }
    }
  }

  private static BoardType type(String target, String name) {
    return Boards.of(target).stream().filter(b -> b.name().equals(name)).findFirst().orElseThrow();
  }

  private BoardOptions options(OptionSource properties, String cpu, long ram, int cpus) {
    return new BoardOptions(
        ram, cpus, cpu, code -> new Interpreter(), List.of(line, second), Map.of(), properties);
  }

  Fdt deviceTree() {
    return board.deviceTree();
  }

  /** What the machine has printed until now. */
  String printed() {
    return line.printed();
  }

  /** What it has printed until now on a serial port, 0 or 1. */
  String printed(int port) {
    return (port == 0 ? line : second).printed();
  }

  /** Runs until the guest ends the machine; its exit code. */
  int run() throws InterruptedException {
    machine.resume();
    Shutdown end = machine.awaitShutdown(60, TimeUnit.SECONDS);
    if (end == null) {
      throw new AssertionError("the guest goes on; it has printed: " + printed());
    }
    return end.exitCode();
  }

  @Override
  public void close() {
    machine.close();
  }

  /** Says something to the guest, as it asks for it. */
  void say(String text) {
    line.say(text);
  }

  /** Keeps what is sent, and says what it is told to say. */
  private static final class Line implements CharBackend {
    private final ByteArrayOutputStream printed = new ByteArrayOutputStream();
    private final Deque<Byte> toSay = new ArrayDeque<>();
    private @Nullable Receiver receiver;
    private Consumer<Runnable> post = action -> {};

    synchronized void say(String text) {
      for (byte b : text.getBytes(StandardCharsets.ISO_8859_1)) {
        toSay.add(b);
      }
      post.accept(this::offer);
    }

    private synchronized void offer() {
      while (receiver != null && !toSay.isEmpty() && receiver.canReceive() > 0) {
        receiver.receive(new byte[] {toSay.remove()});
      }
    }

    @Override
    public String id() {
      return "line";
    }

    @Override
    public synchronized void connect(Receiver newReceiver, Consumer<Runnable> newPost) {
      receiver = newReceiver;
      post = newPost;
    }

    @Override
    public synchronized int write(byte[] bytes, int offset, int length, Runnable writable) {
      printed.write(bytes, offset, length);
      return length;
    }

    synchronized String printed() {
      return printed.toString(StandardCharsets.ISO_8859_1);
    }

    @Override
    public void acceptInput() {
      post.accept(this::offer);
    }

    @Override
    public void close() {}
  }
}
