package dev.kasuari.it.smp;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.jdi.Bootstrap;
import com.sun.jdi.Location;
import com.sun.jdi.ReferenceType;
import com.sun.jdi.ThreadReference;
import com.sun.jdi.VirtualMachine;
import com.sun.jdi.connect.AttachingConnector;
import com.sun.jdi.event.BreakpointEvent;
import com.sun.jdi.event.Event;
import com.sun.jdi.event.EventSet;
import com.sun.jdi.request.BreakpointRequest;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * What a JVM is asked to do while all vCPUs are in loops of machine code that never end: collect
 * garbage, say what its threads do, be debugged, be profiled, end.
 */
@Tag("guest")
@Timeout(value = 20, unit = TimeUnit.MINUTES)
class BusyVcpusTest {
  private static final String CPUS = "virt cpu";
  private static final String SLOW_PATH = "dev.kasuari.tcg.SoftMmu";
  private static final int PATIENCE_MILLISECONDS = 60_000;

  @TempDir private Path folder;

  @BeforeEach
  void hostCanRunMachineCode() {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
  }

  @ParameterizedTest
  @ValueSource(strings = {"Serial", "Parallel", "G1", "Z"})
  void garbageIsCollected(String collector) throws Exception {
    String option = "-XX:+Use" + collector + "GC";
    try (var jvm = BusyJvm.embedded(folder, "allocate", option, "-Xlog:gc:stderr")) {
      for (int i = 0; i < 2; i++) {
        jvm.tell("jcmd", "GC.run");
        jvm.console().await(full(collector));
      }
      assertThat(jvm.tell("jcmd", "GC.class_histogram")).contains("dev.kasuari.tcg.TcgVcpu");
      jvm.beats();
      jvm.console().type("now\n");
      jvm.console().await("allocated");
      assertThat(jvm.console().exit()).isZero();
    }
  }

  /** What a collector's log says of a collection of the whole heap that somebody asked for. */
  private static String full(String collector) {
    return collector.equals("Z") ? "Major Collection (Diagnostic Command)" : "Pause Full";
  }

  @Test
  void threadsAreShownAndAProfilerWatches() throws Exception {
    Path recording = folder.resolve("recording.jfr");
    try (var jvm = BusyJvm.start(folder)) {
      jvm.tell("jcmd", "JFR.start", "name=busy", "settings=profile");
      for (String dump : List.of(jvm.tell("jstack"), jvm.tell("jcmd", "Thread.print", "-l"))) {
        assertThat(dump).contains("virt cpu0", "virt cpu1", "virt cpu2", "virt cpu3");
        assertThat(dump).contains("dev.kasuari.tcg.x86_64.Execution.execute");
      }
      jvm.signal("QUIT");
      assertThat(jvm.console().await("JNI global refs")).contains("virt cpu3");
      jvm.beats();
      jvm.tell("jcmd", "JFR.stop", "name=busy", "filename=" + recording);
      assertThat(Files.size(recording)).isPositive();
      jvm.beats();
      endsBy("INT", jvm);
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"INT", "TERM"})
  void whatAScriptStartedInTheBackgroundIsEndedByASignal(String signal) throws Exception {
    try (var jvm = BusyJvm.inBackground(folder)) {
      endsBy(signal, jvm);
    }
  }

  private static void endsBy(String signal, BusyJvm jvm) throws Exception {
    jvm.signal(signal);
    assertThat(jvm.console().exit()).isZero();
    assertThat(jvm.console().screen()).contains("ended by a signal");
  }

  @ParameterizedTest
  @CsvSource({"exit, 7", "throw, 1", "return, 0", "close-by-two, 0"})
  void theProgramEnds(String how, int code) throws Exception {
    try (var jvm = BusyJvm.embedded(folder, how)) {
      jvm.console().type("now\n");
      assertThat(jvm.console().exit()).as(jvm.console().screen()).isEqualTo(code);
    }
  }

  // ---- a debugger
  // --------------------------------------------------------------------------------

  @Test
  void aDebuggerSuspendsAndResumes() throws Exception {
    String agent = "-agentlib:jdwp=transport=dt_socket,server=y,suspend=n,address=127.0.0.1:0";
    try (var jvm = BusyJvm.start(folder, agent)) {
      VirtualMachine debugged = attach(portOf(jvm.console().screen()));
      try {
        stopsAndGoesOn(jvm, debugged);
        stopsAtABreakpoint(debugged);
      } finally {
        debugged.dispose();
      }
      jvm.beats();
      endsBy("TERM", jvm);
    }
  }

  private static String portOf(String screen) {
    String said = "Listening for transport dt_socket at address: ";
    return screen.substring(screen.indexOf(said) + said.length()).lines().findFirst().orElseThrow();
  }

  private static VirtualMachine attach(String port) throws Exception {
    AttachingConnector connector =
        Bootstrap.virtualMachineManager().attachingConnectors().stream()
            .filter(c -> c.name().equals("com.sun.jdi.SocketAttach"))
            .findFirst()
            .orElseThrow();
    var arguments = connector.defaultArguments();
    requireNonNull(arguments.get("hostname")).setValue("127.0.0.1");
    requireNonNull(arguments.get("port")).setValue(port);
    return connector.attach(arguments);
  }

  private static void stopsAndGoesOn(BusyJvm jvm, VirtualMachine debugged) throws Exception {
    for (int i = 0; i < 2; i++) {
      debugged.suspend();
      List<ThreadReference> cpus =
          debugged.allThreads().stream().filter(t -> t.name().startsWith(CPUS)).toList();
      assertThat(cpus).hasSize(4);
      for (ThreadReference cpu : cpus) {
        assertThat(cpu.isSuspended()).isTrue();
        assertThat(cpu.frames()).anyMatch(f -> f.location().method().name().equals("runBlocks"));
      }
      debugged.resume();
      jvm.beats();
    }
  }

  /** At what serves the guest's output, on the thread of the hart that prints. */
  private static void stopsAtABreakpoint(VirtualMachine debugged) throws Exception {
    ReferenceType slowPath = debugged.classesByName(SLOW_PATH).getFirst();
    Location writes = slowPath.methodsByName("writeBus").getFirst().location();
    BreakpointRequest request = debugged.eventRequestManager().createBreakpointRequest(writes);
    request.enable();
    EventSet events = debugged.eventQueue().remove(PATIENCE_MILLISECONDS);
    while (events != null && !(events.iterator().next() instanceof BreakpointEvent)) {
      events.resume();
      events = debugged.eventQueue().remove(PATIENCE_MILLISECONDS);
    }
    assertThat(events).as("the breakpoint is reached").isNotNull();
    Event event = events.iterator().next();
    assertThat(((BreakpointEvent) event).thread().name()).isEqualTo("virt cpu0");
    request.disable();
    events.resume();
  }
}
