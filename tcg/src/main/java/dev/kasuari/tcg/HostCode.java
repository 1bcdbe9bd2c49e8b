package dev.kasuari.tcg;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Printer;
import java.util.HexFormat;
import java.util.NavigableMap;
import java.util.TreeMap;

/** A copy of a unit's machine code, for whoever wants to read it. The code itself may change. */
public final class HostCode {
  private final IrUnit unit;
  private final int elfMachine;
  private final long address;
  private final byte[] bytes;
  private final int[] opStarts;

  /**
   * @param unit what was compiled, after optimisation
   * @param elfMachine the processor, as ELF numbers them
   * @param address where the code is
   * @param bytes what is there; not copied
   * @param opStarts offset of each operation's code, or −1; not copied
   */
  public HostCode(IrUnit unit, int elfMachine, long address, byte[] bytes, int[] opStarts) {
    this.unit = unit;
    this.elfMachine = elfMachine;
    this.address = address;
    this.bytes = bytes;
    this.opStarts = opStarts;
  }

  /** What was compiled, after optimisation. */
  public IrUnit unit() {
    return unit;
  }

  /** The processor, as ELF numbers them. */
  public int elfMachine() {
    return elfMachine;
  }

  /** Host address of the first byte. */
  public long address() {
    return address;
  }

  /** Bytes of code. */
  public int size() {
    return bytes.length;
  }

  /** The bytes; not a copy. */
  public byte[] bytes() {
    return bytes;
  }

  /** The operation whose code an offset lies in, for reports; the last one for a slow path. */
  public int operationAround(int offset) {
    int found = 0;
    int last = 0;
    for (int i = 0; i < opStarts.length; i++) {
      if (opStarts[i] >= last && opStarts[i] <= offset) {
        found = i;
        last = opStarts[i];
      }
    }
    return found;
  }

  /**
   * The code as text: each operation, and under it what was made of it.
   *
   * @param instructions lines by offset; where there are none, bytes stand for themselves
   */
  public String text(NavigableMap<Integer, String> instructions) {
    NavigableMap<Integer, String> lines =
        instructions.isEmpty() ? bytesByOperation() : instructions;
    var operations = new TreeMap<Integer, Integer>();
    for (int i = 0; i < opStarts.length; i++) {
      if (opStarts[i] >= 0) {
        operations.put(opStarts[i], i);
      }
    }
    var text = new StringBuilder();
    int shown = 0;
    for (var line : lines.entrySet()) {
      for (int i : operations.subMap(shown, line.getKey() + 1).values()) {
        text.append("; ").append(Printer.line(unit, i)).append('\n');
      }
      shown = line.getKey() + 1;
      text.append("  ").append(line.getValue()).append('\n');
    }
    return text.toString();
  }

  private NavigableMap<Integer, String> bytesByOperation() {
    var starts = new TreeMap<Integer, Integer>();
    starts.put(0, 0);
    for (int start : opStarts) {
      if (start >= 0) {
        starts.put(start, start);
      }
    }
    var lines = new TreeMap<Integer, String>();
    for (int from : starts.keySet()) {
      Integer next = starts.higherKey(from);
      int to = next == null ? bytes.length : next;
      String hex = HexFormat.ofDelimiter(" ").formatHex(bytes, from, to);
      lines.put(from, "%x:\t%s".formatted(address + from, hex));
    }
    return lines;
  }
}
