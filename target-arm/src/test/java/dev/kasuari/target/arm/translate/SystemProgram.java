package dev.kasuari.target.arm.translate;

import static org.assertj.core.api.Assertions.assertThat;

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
import dev.kasuari.target.arm.isa.A64SystemRegisters;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.TcgAccelerator;
import dev.kasuari.tcg.interp.Interpreter;
import dev.kasuari.tcg.x86_64.X86BackEnd;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * A program in assembly that runs on QEMU's board {@code virt} and on a machine with nothing but
 * RAM, a place for results and one for the end. It starts at {@link #START} in the highest
 * exception level, finds its data at {@link #DATA}, has the macro {@code out} for eight bytes of
 * result in X0, which takes X9 to X11, and {@code finish}.
 */
public final class SystemProgram {
  static final long START = 0x4400_0000L;
  static final long DATA = 0x4800_0000L;
  private static final long RAM = 0x4000_0000L;
  private static final long RAM_SIZE = 256L << 20;
  private static final long UART = 0x0900_0000L;
  private static final long END = 0x0910_0000L;
  private static final int PATIENCE_SECONDS = 300;

  private static final String MACROS =
      """
      .macro out
      mov x11, #0x09000000
      mov x10, #8
      mov x9, x0
      9: strb w9, [x11]
      lsr x9, x9, #8
      sub x10, x10, #1
      cbnz x10, 9b
      .endm
      .macro finish
      .if QEMU
      adr x1, 9f
      mov w0, #0x18
      hlt #0xf000
      .balign 8
      9: .quad 0x20026, 0
      .else
      mov x1, #0x09100000
      str wzr, [x1]
      .endif
      b .
      .endm
      """;

  private final Path directory;
  private final String source;

  public SystemProgram(Path directory, String source) {
    this.directory = directory;
    this.source = MACROS + source;
  }

  /** A name of a register that every assembler takes. */
  public static String register(String name) {
    int n = A64SystemRegisters.number(name);
    return n < 0
        ? name
        : "s%d_%d_c%d_c%d_%d".formatted(n >> 14, n >> 11 & 7, n >> 7 & 15, n >> 3 & 15, n & 7);
  }

  // ---- QEMU ------------------------------------------------------------------------------------

  private void execute(String... command) throws IOException, InterruptedException {
    Process process = new ProcessBuilder(command).directory(directory.toFile()).inheritIO().start();
    if (!process.waitFor(PATIENCE_SECONDS, TimeUnit.SECONDS)) {
      process.destroyForcibly();
      throw new IOException(command[0] + " did not end");
    }
    assertThat(process.exitValue()).as(command[0]).isZero();
  }

  private Path assemble(boolean forQemu) throws IOException, InterruptedException {
    String name = forQemu ? "qemu" : "ours";
    Path text = Files.writeString(directory.resolve(name + ".s"), source);
    Path object = directory.resolve(name + ".o");
    Path binary = directory.resolve(name + ".bin");
    execute(
        "aarch64-linux-gnu-as",
        "--defsym",
        "QEMU=" + (forQemu ? 1 : 0),
        "-o",
        object.toString(),
        text.toString());
    execute("aarch64-linux-gnu-objcopy", "-O", "binary", object.toString(), binary.toString());
    return binary;
  }

  /** The results of QEMU. */
  public ByteBuffer qemu(String machine, String cpu, byte[] data)
      throws IOException, InterruptedException {
    Path binary = assemble(true);
    Path input = Files.write(directory.resolve("data.bin"), data);
    Path output = directory.resolve("output.bin");
    execute(
        "qemu-system-aarch64",
        "-M",
        machine,
        "-cpu",
        cpu,
        "-m",
        (RAM_SIZE >> 20) + "M",
        "-nodefaults",
        "-display",
        "none",
        "-monitor",
        "none",
        "-serial",
        "file:" + output,
        "-semihosting",
        "-device",
        "loader,file=%s,addr=0x%x,force-raw=on".formatted(input, DATA),
        "-device",
        "loader,file=%s,addr=0x%x,cpu-num=0,force-raw=on".formatted(binary, START));
    return ByteBuffer.wrap(Files.readAllBytes(output)).order(ByteOrder.LITTLE_ENDIAN);
  }

  // ---- ours ------------------------------------------------------------------------------------

  private record Device(Machine machine, ByteArrayOutputStream results) implements MmioHandler {
    @Override
    public long read(long offset, int size, BusAccess access) {
      return 0;
    }

    @Override
    public void write(long offset, int size, long value, BusAccess access) {
      if (offset == 0) {
        results.write((int) value);
      } else {
        machine.requestShutdown(new Shutdown(Shutdown.Cause.GUEST, 0, "done"));
      }
    }
  }

  private static BackEnd backEnd(boolean machineCode) {
    return machineCode && X86BackEnd.available()
        ? new X86BackEnd(FloatEnv.arm(), 16 << 20)
        : new Interpreter();
  }

  /** Our results. */
  public ByteBuffer ours(ArmModel model, boolean machineCode, byte[] data)
      throws IOException, InterruptedException {
    return ours(model, 1, machineCode, data);
  }

  /** Our results with several processing elements, which all start. */
  ByteBuffer ours(ArmModel model, int cpus, boolean machineCode, byte[] data)
      throws IOException, InterruptedException {
    byte[] program = Files.readAllBytes(assemble(false));
    var results = new ByteArrayOutputStream();
    try (var machine = Machine.builder("program").build()) {
      RamBlock ram = machine.ram().allocate("ram", RAM_SIZE);
      ram.put(START - RAM, program);
      ram.put(DATA - RAM, data);
      var accelerator = new TcgAccelerator(machine, new ArmInstructionSet(), backEnd(machineCode));
      var time = Timebase.of(machine.clock(), model.counterFrequency());
      for (int i = 0; i < cpus; i++) {
        var cpu = machine.own(new ArmCpu(i, model, machine, time));
        cpu.setResetVector(START);
        accelerator.add(cpu);
      }
      machine.locked(() -> {
        machine.root().add(RAM, MemoryRegion.ram(ram));
        var device = new Device(machine, results);
        machine.root().add(UART, MemoryRegion.mmio("results", 0x1000, device));
        var end = new Device(machine, results);
        machine.root().add(END - 0x1000, MemoryRegion.mmio("end", 0x2000, end));
      });
      machine.addExecution(accelerator);
      machine.resume();
      @Nullable Shutdown end = machine.awaitShutdown(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(end).as("does not end").isNotNull();
      assertThat(machine.failure()).isNull();
      machine.pause();
    }
    return ByteBuffer.wrap(results.toByteArray()).order(ByteOrder.LITTLE_ENDIAN);
  }
}
