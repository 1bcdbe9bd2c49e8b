package dev.kasuari.target.riscv.sbi;

import dev.kasuari.machine.memory.AddressSpace;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.FlatRange;
import java.util.Arrays;

/** Text to and from the console, in physical memory. Source: SBI, chapter 12. */
final class DebugConsoleExtension implements SbiExtension {
  /** Bytes moved by one call; the caller is told how many and asks again. */
  private static final int CHUNK = 4096;

  private final AddressSpace memory;
  private final Dma dma;
  private final SbiConsole console;

  DebugConsoleExtension(AddressSpace memory, Dma dma, SbiConsole console) {
    this.memory = memory;
    this.dma = dma;
    this.console = console;
  }

  @Override
  public int id() {
    return 0x4442434e;
  }

  @Override
  public String name() {
    return "DBCN";
  }

  @Override
  public SbiResult call(SbiCall call) {
    return switch (call.function()) {
      case 0 -> transfer(call, false);
      case 1 -> transfer(call, true);
      case 2 -> writeByte((byte) call.argument(0));
      default -> SbiResult.NOT_SUPPORTED;
    };
  }

  private SbiResult transfer(SbiCall call, boolean toMemory) {
    long length = call.argument(0);
    boolean narrow = call.hart().model().xlen() == 32;
    long address = call.argument(1) | (narrow ? call.argument(2) << 32 : 0);
    boolean representable = narrow || call.argument(2) == 0;
    if (length == 0) {
      return SbiResult.SUCCESS;
    }
    FlatRange range = memory.view().find(address);
    boolean usable = toMemory ? range.writesMemory() : range.readsMemory();
    if (!representable || length < 0 || !usable || !range.contains(address, length)) {
      return SbiResult.INVALID_PARAM;
    }
    int count = (int) Math.min(length, CHUNK);
    try {
      return toMemory ? read(address, count) : write(address, count);
    } catch (DmaFault e) {
      // The memory has gone since it was looked for.
      return SbiResult.INVALID_PARAM;
    }
  }

  private SbiResult write(long address, int count) throws DmaFault {
    return SbiResult.of(console.write(dma.read(address, count)));
  }

  private SbiResult read(long address, int count) throws DmaFault {
    byte[] bytes = new byte[count];
    int length = 0;
    int next = console.read();
    while (next >= 0) {
      bytes[length++] = (byte) next;
      next = length < count ? console.read() : -1;
    }
    dma.write(address, Arrays.copyOf(bytes, length));
    return SbiResult.of(length);
  }

  private SbiResult writeByte(byte value) {
    return console.write(new byte[] {value}) == 1 ? SbiResult.SUCCESS : SbiResult.FAILED;
  }
}
