package dev.kasuari.target.riscv.asm;

import dev.kasuari.target.riscv.isa.RiscvEncoder;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Collects a position-independent program. Instructions come from {@link RiscvEncoder}: {@code
 * a.i(addi(A0, A0, 1))}; what refers to a label is resolved by {@link #assemble}.
 */
public final class Assembler {
  /** Encodes an instruction once the distance to its label is known. */
  @FunctionalInterface
  public interface Relative {
    int encode(int distance);
  }

  private record Fixup(int at, int from, Label to, Relative encoding) {}

  private final boolean rv32;
  private byte[] bytes = new byte[1024];
  private int size;
  private final List<Fixup> fixups = new ArrayList<>();

  /** A program for 64-bit registers. */
  public Assembler() {
    this(64);
  }

  /**
   * A program for registers of 32 or 64 bits. What does not exist with them is not refused here.
   */
  public Assembler(int xlen) {
    rv32 = xlen == 32;
  }

  /** A new label; the name is for error messages. */
  public Label label(String name) {
    return new Label(name);
  }

  /** A new label, bound here. */
  public Label here(String name) {
    var label = new Label(name);
    label.bind(size);
    return label;
  }

  /** The label is here. */
  public void bind(Label label) {
    label.bind(size);
  }

  /** Bytes so far. */
  public int size() {
    return size;
  }

  // ---- instructions ----------------------------------------------------------------------------

  /** 32-bit instructions. */
  public void i(int... instructions) {
    for (int instruction : instructions) {
      word(instruction);
    }
  }

  /** A compressed instruction. */
  public void c(int instruction) {
    half(instruction);
  }

  /** An instruction that needs the distance to a label: {@code a.to(l, d -> beq(A0, A1, d))}. */
  public void to(Label label, Relative encoding) {
    fixups.add(new Fixup(size, size, label, encoding));
    word(0);
  }

  /** Jumps to a label within ±1 MiB. */
  public void j(Label label) {
    to(label, d -> RiscvEncoder.jal(0, d));
  }

  /** Calls a label within ±1 MiB, through {@code ra}. */
  public void call(Label label) {
    to(label, d -> RiscvEncoder.jal(Reg.RA, d));
  }

  /** Returns through {@code ra}. */
  public void ret() {
    i(RiscvEncoder.jalr(0, Reg.RA, 0));
  }

  public void mv(int rd, int rs) {
    i(RiscvEncoder.addi(rd, rs, 0));
  }

  public void beqz(int rs, Label label) {
    to(label, d -> RiscvEncoder.beq(rs, 0, d));
  }

  public void bnez(int rs, Label label) {
    to(label, d -> RiscvEncoder.bne(rs, 0, d));
  }

  /** The address of a label within ±2 GiB. */
  public void la(int rd, Label label) {
    int at = size;
    fixups.add(new Fixup(size, at, label, d -> RiscvEncoder.auipc(rd, upper(d))));
    word(0);
    fixups.add(new Fixup(size, at, label, d -> RiscvEncoder.addi(rd, rd, lower(d))));
    word(0);
  }

  /** A constant of the registers' width, signed or not, in one to eight instructions. */
  public void li(int rd, long constant) {
    long value = rv32 ? (int) constant : constant;
    if (value == lower(value)) {
      i(RiscvEncoder.addi(rd, 0, (int) value));
    } else if (value == (int) value) {
      int low = lower(value);
      i(RiscvEncoder.lui(rd, upper((int) value)));
      if (low != 0) {
        i(rv32 ? RiscvEncoder.addi(rd, rd, low) : RiscvEncoder.addiw(rd, rd, low));
      }
    } else {
      long low = lower(value);
      long rest = value - low;
      int shift = Long.numberOfTrailingZeros(rest);
      li(rd, rest >> shift);
      i(RiscvEncoder.slli(rd, rd, shift));
      if (low != 0) {
        i(RiscvEncoder.addi(rd, rd, (int) low));
      }
    }
  }

  private static int lower(long value) {
    return (int) (value << 52 >> 52);
  }

  private static int upper(int value) {
    return value - lower(value);
  }

  // ---- data ------------------------------------------------------------------------------------

  public void align(int alignment) {
    while (size % alignment != 0) {
      data((byte) 0);
    }
  }

  public void data(byte... values) {
    reserve(values.length);
    System.arraycopy(values, 0, bytes, size, values.length);
    size += values.length;
  }

  public void half(int value) {
    data((byte) value, (byte) (value >> 8));
  }

  public void word(int value) {
    data((byte) value, (byte) (value >> 8), (byte) (value >> 16), (byte) (value >> 24));
  }

  public void dword(long value) {
    word((int) value);
    word((int) (value >> 32));
  }

  /** UTF-8 text with a terminating zero. */
  public void asciz(String text) {
    data(text.getBytes(StandardCharsets.UTF_8));
    data((byte) 0);
  }

  /** {@code count} zero bytes. */
  public void space(int count) {
    reserve(count);
    size += count;
  }

  private void reserve(int more) {
    if (size + more > bytes.length) {
      bytes = Arrays.copyOf(bytes, Math.max(2 * bytes.length, size + more));
    }
  }

  /** The program; every label referred to must be bound and in reach. */
  public byte[] assemble() {
    byte[] program = Arrays.copyOf(bytes, size);
    var buffer = ByteBuffer.wrap(program).order(ByteOrder.LITTLE_ENDIAN);
    for (Fixup fixup : fixups) {
      int distance = fixup.to.offset() - fixup.from;
      try {
        buffer.putInt(fixup.at, fixup.encoding.encode(distance));
      } catch (IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "at 0x%x, to %s: %s".formatted(fixup.at, fixup.to, e.getMessage()), e);
      }
    }
    return program;
  }
}
