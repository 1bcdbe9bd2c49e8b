package dev.kasuari.host;

import static java.nio.charset.StandardCharsets.UTF_8;
import static java.nio.file.StandardOpenOption.READ;
import static java.nio.file.StandardOpenOption.WRITE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
class FaultHandlerTest {
  /** {@code mov rax, [rdi]; ret}. */
  private static final byte[] READ_RDI = HexFormat.of().parseHex("488b07c3");

  /** At the exit: {@code lea rax, [rax + rcx]; sub rax, rsi; ret}: offset of the fault + signal. */
  private static final byte[] WHERE_AND_SIGNAL = HexFormat.of().parseHex("488d04084829f0c3");

  /** At the exit: {@code mov rax, rdx; ret}: the address accessed. */
  private static final byte[] ADDRESS = HexFormat.of().parseHex("4889d0c3");

  /** {@code mov rax, rdi; cqo; xor ecx, ecx; idiv rcx; ret}: the division is at 7. */
  private static final byte[] DIVIDE = HexFormat.of().parseHex("4889f84899" + "31c9" + "48f7f9c3");

  /** {@code nop; ud2; ret}. */
  private static final byte[] UNDEFINED = HexFormat.of().parseHex("900f0bc3");

  private static final String SOURCE =
      """
      .intel_syntax noprefix
        cmp dword ptr [rsi+8], 0
        jle pass
        mov rax, [rdx+168]
        lea r8, [rip+slots]
        mov ecx, 64
      next:
        mov r9, rax
        sub r9, [r8]
        cmp r9, [r8+8]
        jb ours
        add r8, 32
        dec ecx
        jnz next
      pass:
        mov r8, [rip+counter_address]
        lock inc qword ptr [r8]
        mov eax, edi
        lea r8, [rip+old]
        jmp [r8+8*rax]
      ours:
        mov [rdx+144], rax
        mov rax, [rdx+216]
        mov [rdx+136], rax
        mov [rdx+152], rdi
        mov rax, [r8+16]
        mov [rdx+168], rax
        ret
      end:
        .org 4096
      old: .quad 0
        .org 4096 + 256
      counter_address: .quad 0
        .org 4096 + 320
      slots: .quad 0
      """;

  @BeforeEach
  void hostHasIt() {
    assumeTrue(FaultHandler.supported(), "the fault handler needs Linux on x86-64");
  }

  /** A page of code that reads what it is told to, guarded but for the exit at 64. */
  private static final class Reader implements AutoCloseable {
    final ExecutableMemory memory = ExecutableMemory.allocate(4096);
    final NativeFunction read;
    final FaultHandler handler;

    Reader(byte[] exit) {
      this(READ_RDI, exit);
    }

    Reader(byte[] code, byte[] exit) {
      read = NativeFunction.at(memory.publish(0, code, code.length));
      handler = FaultHandler.guard(memory.address(), 64, memory.publish(64, exit, exit.length));
    }

    long read(long address) {
      return read.call(address, memory.address());
    }

    @Override
    public void close() {
      handler.close();
      memory.close();
    }
  }

  /** Dereferences null in a frame that HotSpot may have compiled: its own use of the signal. */
  private static void nullPointer() {
    for (int i = 0; i < 20_000; i++) {
      assertThat(length(new int[1])).isEqualTo(1);
    }
    assertThatThrownBy(() -> length(null)).isInstanceOf(NullPointerException.class);
  }

  @SuppressWarnings("NullAway") // The point is that nothing checks.
  private static int length(int @Nullable [] array) {
    return array.length;
  }

  /** Never compiled: HotSpot's interpreter finds null by its signal, its compilers may compare. */
  @SuppressWarnings("NullAway") // The point is that nothing checks.
  private static int calledOnce(int @Nullable [] array) {
    return array.length;
  }

  @Test
  void theBytesAreTheSourcesBytes(@TempDir Path folder) throws Exception {
    assumeTrue(Files.isExecutable(Path.of("/usr/bin/as")), "needs the GNU assembler");
    Path source = folder.resolve("handler.s");
    Files.writeString(source, SOURCE);
    run(folder, "as", "--64", "-o", "handler.o", "handler.s");
    run(folder, "objcopy", "-O", "binary", "handler.o", "handler.bin");
    byte[] assembled = Files.readAllBytes(folder.resolve("handler.bin"));
    long handler;
    try (var reader = new Reader(ADDRESS)) {
      handler = FaultHandler.currentHandler(FaultHandler.SIGSEGV);
      assertThat(reader.read(0)).isZero();
    }
    byte[] ours = new byte[4096];
    RawMemory.get(handler, ours, 0, ours.length);
    assertThat(ours).startsWith(java.util.Arrays.copyOf(assembled, 0x6d));
  }

  private static void run(Path folder, String... command) throws Exception {
    var process =
        new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
    String output = new String(process.getInputStream().readAllBytes(), UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  @Test
  void aFaultInGuardedCodeGoesOnAtItsExit() {
    try (var reader = new Reader(WHERE_AND_SIGNAL);
        var memory = HostMemory.anonymous(4096)) {
      RawMemory.putLong(memory.address(), 42);
      assertThat(reader.read(memory.address())).isEqualTo(42);
      assertThat(reader.read(8)).isEqualTo(FaultHandler.SIGSEGV);
      assertThat(reader.read(1L << 62)).as("not canonical").isEqualTo(FaultHandler.SIGSEGV);
      assertThat(reader.read(memory.address())).isEqualTo(42);
    }
  }

  @Test
  void theExitLearnsTheAddress() {
    try (var reader = new Reader(ADDRESS)) {
      assertThat(reader.read(0x1238)).isEqualTo(0x1238);
    }
  }

  @Test
  void readingPastTheEndOfAMappedFileIsABusError(@TempDir Path folder) throws IOException {
    Path file = Files.write(folder.resolve("file"), new byte[8192]);
    try (var reader = new Reader(WHERE_AND_SIGNAL);
        Arena arena = Arena.ofConfined();
        var channel = FileChannel.open(file, READ, WRITE)) {
      long mapped = channel.map(FileChannel.MapMode.READ_WRITE, 0, 8192, arena).address();
      assertThat(reader.read(mapped)).isZero();
      channel.truncate(0);
      assertThat(reader.read(mapped)).isEqualTo(FaultHandler.SIGBUS);
    }
  }

  @Test
  void aDivisionByZeroAndAnUndefinedInstructionGoOnAtTheExitToo() {
    try (var divider = new Reader(DIVIDE, WHERE_AND_SIGNAL);
        var undefined = new Reader(UNDEFINED, WHERE_AND_SIGNAL)) {
      for (int i = 0; i < 3; i++) {
        assertThat(divider.read(5)).isEqualTo(7 + FaultHandler.SIGFPE);
        assertThat(undefined.read(5)).isEqualTo(1 + FaultHandler.SIGILL);
      }
    }
  }

  private static int divide(int by) {
    return 1000 / by;
  }

  @Test
  void aDivisionByZeroInJavaStaysOne() {
    try (var divider = new Reader(DIVIDE, WHERE_AND_SIGNAL)) {
      for (int i = 0; i < 20_000; i++) {
        assertThat(divide(i + 1)).isEqualTo(1000 / (i + 1));
      }
      assertThatThrownBy(() -> divide(0)).isInstanceOf(ArithmeticException.class);
      assertThat(divider.read(5)).isEqualTo(7 + FaultHandler.SIGFPE);
      assertThatThrownBy(() -> divide(0)).isInstanceOf(ArithmeticException.class);
    }
  }

  @Test
  void aNullPointerInJavaStaysOne() {
    try (var reader = new Reader(ADDRESS)) {
      long before = FaultHandler.passedOn();
      assertThatThrownBy(() -> calledOnce(null)).isInstanceOf(NullPointerException.class);
      assertThat(FaultHandler.passedOn()).isGreaterThan(before);
      nullPointer();
      assertThat(reader.read(0x40)).isEqualTo(0x40);
      nullPointer();
    }
    nullPointer();
  }

  @Test
  void guardsComeAndGoInAnyOrderAndTheLastPutsTheOldHandlerBack() {
    long before = FaultHandler.currentHandler(FaultHandler.SIGSEGV);
    long beforeBus = FaultHandler.currentHandler(FaultHandler.SIGBUS);
    List<Reader> readers = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      readers.add(new Reader(ADDRESS));
    }
    assertThat(FaultHandler.currentHandler(FaultHandler.SIGSEGV)).isNotEqualTo(before);
    for (int i : new int[] {3, 0, 2, 0, 0}) {
      for (Reader reader : readers) {
        assertThat(reader.read(0x77)).isEqualTo(0x77);
      }
      readers.remove(i).close();
    }
    assertThat(FaultHandler.currentHandler(FaultHandler.SIGSEGV)).isEqualTo(before);
    assertThat(FaultHandler.currentHandler(FaultHandler.SIGBUS)).isEqualTo(beforeBus);
    nullPointer();
  }

  @Test
  void moreRangesThanTheTableHoldsAreRefused() {
    List<FaultHandler> guards = new ArrayList<>();
    try {
      assertThatThrownBy(
              () -> {
                for (int i = 0; i < 100; i++) {
                  guards.add(FaultHandler.guard(0x1000 + i, 1, 0));
                }
              })
          .isInstanceOf(UnsupportedOperationException.class)
          .hasMessageContaining("64 machines");
    } finally {
      guards.forEach(FaultHandler::close);
    }
  }
}
