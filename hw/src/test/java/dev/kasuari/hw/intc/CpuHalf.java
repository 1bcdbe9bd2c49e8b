package dev.kasuari.hw.intc;

import dev.kasuari.machine.InterruptPort;
import dev.kasuari.testkit.TestBench;
import org.jspecify.annotations.Nullable;

/** The CPU's half of an interrupt controller, as far as a test of the other half needs it. */
final class CpuHalf implements InterruptPort.Listener {
  private final TestBench bench;
  private final InterruptPort port;
  private int id = InterruptPort.NONE;
  private int priority;
  private int group;
  private int changes;

  CpuHalf(TestBench bench, InterruptPort port) {
    this.bench = bench;
    this.port = port;
    bench.machine().locked(() -> port.connect(this));
  }

  @Override
  public void pending(int newId, int newPriority, int newGroup) {
    id = newId;
    priority = newPriority;
    group = newGroup;
    changes++;
  }

  CpuHalf accept(int groups) {
    bench.machine().locked(() -> port.accept(groups));
    return this;
  }

  /** What waits, as a text: {@code 40@0xa0/1}. */
  @Nullable String waits() {
    return id == InterruptPort.NONE ? null : "%d@0x%x/%d".formatted(id, priority, group);
  }

  int changes() {
    return changes;
  }

  void acknowledge(int number) {
    bench.machine().locked(() -> port.acknowledge(number));
  }

  void deactivate(int number) {
    bench.machine().locked(() -> port.deactivate(number));
  }

  void send(InterruptPort.Message message) {
    bench.machine().locked(() -> port.send(message));
  }

  int groupOf(int number) {
    return port.groupOf(number);
  }
}
