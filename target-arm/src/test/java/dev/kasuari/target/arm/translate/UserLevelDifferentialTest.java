package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.Shutdown;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MmioHandler;
import dev.kasuari.machine.memory.RamBlock;
import dev.kasuari.machine.time.Timebase;
import dev.kasuari.softfloat.FloatEnv;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmModel;
import dev.kasuari.target.arm.isa.A64Disassembler;
import dev.kasuari.target.arm.isa.A64Patterns;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.TcgAccelerator;
import dev.kasuari.tcg.interp.DirectInterpreter;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Random sequences of user-level instructions leave the same registers, flags and memory here, on
 * each back end, and in QEMU. {@code -Dkasuari.arm.seed=} and {@code -Dkasuari.arm.sequences=}
 * choose others and more, {@code -Dkasuari.arm.backends=x86_64} takes some of the back ends only.
 */
@Tag("guest")
class UserLevelDifferentialTest {
  private static final long SEED = Long.getLong("kasuari.arm.seed", 20261122);
  private static final int COUNT = Integer.getInteger("kasuari.arm.sequences", 20_000);
  private static final List<String> BACK_ENDS =
      List.of(System.getProperty("kasuari.arm.backends", "interp,direct,x86_64").split(",", -1));
  private static final int BATCH = 2_000;
  private static final int REPORTED = 5;

  @TempDir private Path folder;

  @Test
  void sequencesDoTheSame() throws Exception {
    assumeTrue(X86BackEnd.available(), "machine code needs Linux on x86-64");
    List<String> reports = new ArrayList<>();
    var covered = new boolean[A64Patterns.COUNT];
    for (int first = 0; first < COUNT && reports.size() < REPORTED; first += BATCH) {
      var batch = new SequenceBatch(SEED + first, Math.min(BATCH, COUNT - first));
      batch.cover(covered);
      byte[] image = batch.image();
      byte[] theirs = qemu(image);
      for (String name : BACK_ENDS) {
        byte[] ours = kasuari(image, backEnd(name));
        reports.addAll(differences(batch, name, ours, theirs));
      }
    }
    assertThat(reports).as("seed %d", SEED).isEmpty();
    assertThat(SequenceBatch.missed(covered)).as("patterns never executed").isEmpty();
  }

  private static BackEnd backEnd(String name) {
    return switch (name) {
      case "interp" -> new Interpreter();
      case "direct" -> new DirectInterpreter();
      default -> new X86BackEnd(FloatEnv.arm(), 64 << 20);
    };
  }

  private static List<String> differences(
      SequenceBatch batch, String backEnd, byte[] ours, byte[] theirs) {
    List<String> reports = new ArrayList<>();
    for (int i = 0; i < batch.size() && reports.size() < REPORTED; i++) {
      int from = batch.resultOffset(i);
      int to = from + SequenceBatch.RESULT;
      if (Arrays.mismatch(ours, from, to, theirs, from, to) >= 0) {
        reports.add(report(batch, i, backEnd, ours, theirs));
      }
    }
    return reports;
  }

  private static String report(
      SequenceBatch batch, int i, String backEnd, byte[] ours, byte[] theirs) {
    var text = new StringBuilder("%s, sequence %d:%n".formatted(backEnd, i));
    for (int instruction : batch.code(i)) {
      String shown = A64Disassembler.disassemble(0, instruction, ~0L, true);
      text.append("  %08x %s%n".formatted(instruction, shown));
    }
    ByteBuffer a = ByteBuffer.wrap(ours).order(ByteOrder.LITTLE_ENDIAN);
    ByteBuffer b = ByteBuffer.wrap(theirs).order(ByteOrder.LITTLE_ENDIAN);
    for (int word = 0; word < SequenceBatch.RESULT / 8; word++) {
      int at = batch.resultOffset(i) + 8 * word;
      if (a.getLong(at) != b.getLong(at)) {
        text.append(
            "  %s: %016x, QEMU %016x%n"
                .formatted(SequenceBatch.resultName(word), a.getLong(at), b.getLong(at)));
      }
    }
    return text.toString();
  }

  // ---- the two machines ------------------------------------------------------------------------

  private static byte[] kasuari(byte[] image, BackEnd backEnd) throws InterruptedException {
    try (var machine = Machine.builder("differential").build()) {
      RamBlock ram = machine.ram().allocate("ram", SequenceBatch.RAM_SIZE);
      ram.put(SequenceBatch.LOAD, image);
      machine.locked(() -> {
        machine.root().add(SequenceBatch.RAM, MemoryRegion.ram(ram));
        machine
            .root()
            .add(SequenceBatch.FINISHER, MemoryRegion.mmio("end", 0x1000, new Finisher(machine)));
      });
      var accelerator = new TcgAccelerator(machine, new ArmInstructionSet(), backEnd);
      var time = Timebase.of(machine.clock(), ArmCpu.DEFAULT_TIMEBASE);
      var cpu = machine.own(new ArmCpu(0, ArmModel.base(), machine, time));
      cpu.setResetVector(SequenceBatch.RAM + SequenceBatch.LOAD);
      accelerator.add(cpu);
      machine.addExecution(accelerator);
      machine.resume();
      Shutdown end = machine.awaitShutdown(120, TimeUnit.SECONDS);
      if (end == null) {
        machine.pause();
        throw new AssertionError("does not end: " + cpu.describe());
      }
      Throwable failure = machine.failure();
      if (failure != null) {
        throw new AssertionError(end.reason(), failure);
      }
      return ram.get(SequenceBatch.LOAD, image.length);
    }
  }

  private record Finisher(Machine machine) implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, "the sequences are done"));
    }
  }

  private byte[] qemu(byte[] image) throws IOException, InterruptedException {
    Path ram = folder.resolve("ram");
    Path kernel = folder.resolve("image");
    Files.write(kernel, image);
    String size = (SequenceBatch.RAM_SIZE >> 20) + "M";
    var process =
        new ProcessBuilder(
                "qemu-system-aarch64",
                "-M",
                "virt,memory-backend=ram",
                "-object",
                "memory-backend-file,id=ram,share=on,size=%s,mem-path=%s".formatted(size, ram),
                "-cpu",
                "max,pauth-impdef=on",
                "-m",
                size,
                "-device",
                "loader,file=%s,addr=0x%x,cpu-num=0"
                    .formatted(kernel, SequenceBatch.RAM + SequenceBatch.LOAD),
                "-display",
                "none",
                "-serial",
                "none",
                "-monitor",
                "none",
                "-nodefaults")
            .inheritIO()
            .start();
    try {
      assertThat(process.waitFor(120, TimeUnit.SECONDS)).as("QEMU ends").isTrue();
      assertThat(process.exitValue()).isZero();
    } finally {
      process.destroyForcibly();
    }
    try (var file = Files.newByteChannel(ram)) {
      file.position(SequenceBatch.LOAD);
      var memory = ByteBuffer.allocate(image.length);
      while (memory.hasRemaining() && file.read(memory) >= 0) {}
      return memory.array();
    }
  }
}
