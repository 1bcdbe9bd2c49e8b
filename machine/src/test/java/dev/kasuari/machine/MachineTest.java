package dev.kasuari.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.memory.MemoryRegion;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class MachineTest {
  /** A "CPU" that counts while it runs, on a thread of its own. */
  private static final class Counter implements ExecutionControl {
    final List<String> calls = Collections.synchronizedList(new ArrayList<>());
    private final Object monitor = new Object();
    private final Thread thread;
    private boolean wanted;
    private boolean running;
    private boolean ended;

    Counter(Machine machine) {
      this.thread = Thread.ofPlatform().name(machine.name() + " cpu").unstarted(this::run);
    }

    private void run() {
      synchronized (monitor) {
        while (!ended) {
          running = wanted;
          monitor.notifyAll();
          try {
            monitor.wait(1);
          } catch (InterruptedException e) {
            return;
          }
        }
        running = false;
        monitor.notifyAll();
      }
    }

    @Override
    public String name() {
      return "counter";
    }

    @Override
    public void start() {
      calls.add("start");
      thread.start();
    }

    @Override
    public void resume() {
      calls.add("resume");
      synchronized (monitor) {
        wanted = true;
      }
    }

    @Override
    public void requestPause() {
      synchronized (monitor) {
        wanted = false;
      }
    }

    @Override
    public void awaitPaused() {
      calls.add("paused");
      synchronized (monitor) {
        while (running) {
          try {
            monitor.wait();
          } catch (InterruptedException e) {
            return;
          }
        }
      }
    }

    @Override
    public void reset() {
      calls.add("reset");
    }

    @Override
    public void close() {
      synchronized (monitor) {
        ended = true;
        monitor.notifyAll();
      }
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  @Test
  void lifeOfAMachine() throws InterruptedException {
    try (var test = new TestMachine()) {
      Machine machine = test.machine;
      var cpu = new Counter(machine);
      machine.addExecution(cpu);
      List<String> states = Collections.synchronizedList(new ArrayList<>());
      machine.addListener(
          new MachineListener() {
            @Override
            public void stateChanged(RunState from, RunState to) {
              states.add(to.qmpName());
            }

            @Override
            public void wasReset(ResetCause cause) {
              states.add("reset:" + cause);
            }
          });
      machine.onReset(() -> states.add("loaders"));
      machine.resume();
      machine.pause();
      machine.resume();
      machine.locked(() -> machine.requestReset(ResetCause.GUEST));
      machine.locked(
          () -> machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 7, "finisher")));
      Shutdown end = machine.awaitShutdown(10, TimeUnit.SECONDS);
      assertThat(end).isEqualTo(new Shutdown(Shutdown.Cause.GUEST, 7, "finisher"));
      assertThat(states)
          .containsExactly(
              "loaders",
              "reset:POWER_ON",
              "running",
              "paused",
              "running",
              "loaders",
              "reset:GUEST",
              "shutdown");
      assertThat(cpu.calls)
          .containsExactly(
              "start", "reset", "resume", "paused", "resume", "paused", "reset", "resume",
              "paused");
    }
  }

  @Test
  void policiesTurnRebootIntoTheEndAndShutdownIntoAPause() throws InterruptedException {
    try (Machine machine = Machine.builder("m").rebootEnds(true).build()) {
      machine.resume();
      machine.requestReset(ResetCause.GUEST);
      Shutdown end = machine.awaitShutdown(10, TimeUnit.SECONDS);
      assertThat(end).isNotNull();
      assertThat(end.cause()).isEqualTo(Shutdown.Cause.GUEST_RESET);
    }
    try (Machine machine = Machine.builder("m").shutdownPauses(true).build()) {
      machine.resume();
      machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, ""));
      machine.pause();
      assertThat(machine.awaitShutdown(1, TimeUnit.MILLISECONDS)).isNull();
    }
  }

  @Test
  void inputWaitsForTheResetWithWhichAMachineStarts() {
    var order = Collections.synchronizedList(new ArrayList<String>());
    try (Machine machine = Machine.builder("m").inputAwaitsReset().build()) {
      machine.onReset(() -> order.add("reset"));
      machine.onceReset(() -> order.add("first input"));
      machine.onceReset(() -> order.add("second input"));
      assertThat(order).isEmpty();
      machine.resume();
      machine.onceReset(() -> order.add("third input"));
      assertThat(order).containsExactly("reset", "first input", "second input", "third input");
    }
  }

  @Test
  void waitingUnderTheLockIsRefused() {
    try (var test = new TestMachine()) {
      assertThatThrownBy(() -> test.machine.locked(test.machine::pause))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void aFailureOfPostedWorkStopsOneMachineOnly() throws InterruptedException {
    try (var one = new TestMachine();
        var two = new TestMachine()) {
      one.machine.resume();
      two.machine.resume();
      one.machine.post(() -> {
        throw new IllegalStateException("bug");
      });
      Shutdown end = one.machine.awaitShutdown(10, TimeUnit.SECONDS);
      assertThat(end).isNotNull();
      assertThat(end.cause()).isEqualTo(Shutdown.Cause.FAILURE);
      assertThat(end.exitCode()).isNotZero();
      assertThat(one.lines).anyMatch(l -> l.contains("bug"));
      one.machine.resume();
      assertThat(one.machine.state()).isEqualTo(RunState.INTERNAL_ERROR);
      assertThat(two.machine.state()).isEqualTo(RunState.RUNNING);
    }
  }

  @Test
  void twoMachinesAtATimeLeaveNothingBehind() throws Exception {
    Set<Thread> before = threads();
    long mappings = mappings();
    long descriptors = descriptors();
    for (int round = 0; round < 3; round++) {
      Machine one = machineWithRam("one");
      Machine two = machineWithRam("two");
      one.resume();
      two.resume();
      var posted = new CountDownLatch(2);
      assertThat(one.post(posted::countDown)).isTrue();
      assertThat(two.post(posted::countDown)).isTrue();
      assertThat(posted.await(10, TimeUnit.SECONDS)).isTrue();
      one.close();
      assertThat(two.state()).isEqualTo(RunState.RUNNING);
      two.close();
      two.close();
      assertThat(two.post(() -> {})).isFalse();
    }
    Set<Thread> after = threads();
    after.removeAll(before);
    assertThat(after).isEmpty();
    assertThat(mappings()).isLessThanOrEqualTo(mappings);
    assertThat(descriptors()).isLessThanOrEqualTo(descriptors);
  }

  private static Machine machineWithRam(String name) {
    Machine machine = Machine.builder(name).build();
    machine.addExecution(new Counter(machine));
    machine
        .root()
        .add(0x8000_0000L, MemoryRegion.ram(machine.ram().allocateShared("ram", 64 << 20)));
    return machine;
  }

  private static Set<Thread> threads() {
    return Thread.getAllStackTraces().keySet().stream()
        .filter(t -> t.getName().startsWith("one ") || t.getName().startsWith("two "))
        .collect(Collectors.toSet());
  }

  /** Of memory files: the JVM opens others when it likes. */
  private static long descriptors() throws java.io.IOException {
    try (var links = java.nio.file.Files.list(java.nio.file.Path.of("/proc/self/fd"))) {
      return links.filter(MachineTest::isMemoryFile).count();
    }
  }

  private static boolean isMemoryFile(java.nio.file.Path link) {
    try {
      return java.nio.file.Files.readSymbolicLink(link).toString().contains("memfd:kasuari");
    } catch (java.io.IOException e) {
      return false; // it was closed meanwhile
    }
  }

  @Test
  void memoryThatCannotBeSaysWhy() {
    try (var test = new TestMachine()) {
      assertThatThrownBy(() -> test.machine.ram().allocate("ram", 1L << 60))
          .hasMessage("memory 'ram' of 1152921504606846976 bytes: the most is 4 TiB");
      assertThatThrownBy(() -> test.machine.ram().allocate("ram", 0))
          .hasMessageContaining("not a positive multiple of 4096");
    }
  }

  private static long mappings() throws java.io.IOException {
    try (var lines = java.nio.file.Files.lines(java.nio.file.Path.of("/proc/self/maps"))) {
      return lines.filter(l -> l.contains("memfd:kasuari")).count();
    }
  }
}
