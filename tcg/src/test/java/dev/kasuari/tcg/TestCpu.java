package dev.kasuari.tcg;

import dev.kasuari.host.RawMemory;
import dev.kasuari.machine.cpu.Access;
import dev.kasuari.machine.cpu.Cpu;
import dev.kasuari.machine.cpu.PageTranslation;
import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.machine.cpu.StateLayout;
import java.util.HashMap;
import java.util.Map;

/**
 * A CPU without instructions: registers, a program counter, and an identity mapping in two regimes
 * from which pages can be taken or protected.
 */
public final class TestCpu extends Cpu {
  private static final StateLayout LAYOUT = new StateLayout();

  /** 32 registers of 8 bytes. */
  public static final StateField X = LAYOUT.array("x", 8, 32);

  public static final StateField PC = LAYOUT.field("pc", 8);

  /** The word that the last {@link #restore} brought. */
  public static final StateField WORD = LAYOUT.field("word", 8);

  /** A bit of virtual addresses: the access is one of the secure world. */
  static final long SECURE = 1L << 40;

  /** What a page permits. */
  public enum Protection {
    NONE,
    READ,
    READ_WRITE
  }

  private final Map<Long, Protection> pages = new HashMap<>();

  /** Answers of {@link #translate}, for tests that count walks. */
  public int walks;

  /** Of every page, as answers say it. */
  public int alike;

  public TestCpu() {
    super(0, LAYOUT);
  }

  /** The next walk for a page finds this. */
  public void protect(long page, Protection protection) {
    pages.put(page & -4096L, protection);
  }

  @Override
  public boolean translate(
      long virtual, int size, Access access, int mmuIndex, PageTranslation out) {
    walks++;
    Protection protection = pages.getOrDefault(virtual & -4096L, Protection.READ_WRITE);
    out.physical = virtual & 0xffff_ffffL;
    out.secure = (virtual & SECURE) != 0;
    out.readable = protection != Protection.NONE;
    out.writable = protection == Protection.READ_WRITE;
    out.executable = out.readable;
    out.alike = alike;
    boolean permitted = access == Access.WRITE ? out.writable : out.readable;
    if (!permitted) {
      out.faultCause = access == Access.WRITE ? 15 : 13;
      out.faultValue = virtual;
    }
    return permitted;
  }

  @Override
  public void reset() {
    state().clear();
    long state = state().address();
    RawMemory.putInt(state + EngineState.POLL, 0);
    RawMemory.putLong(state + EngineState.RETIRED, 0);
    RawMemory.putInt(state + EngineState.RESERVED, 0);
  }

  @Override
  public long pc() {
    return state().get(PC);
  }

  @Override
  public void setPc(long pc) {
    state().set(PC, pc);
  }

  @Override
  public void restore(long pc, long word) {
    setPc(pc);
    state().set(WORD, word);
  }

  @Override
  public long mode() {
    return 0;
  }

  @Override
  public int fetchMmuIndex() {
    return 0;
  }

  @Override
  public int mmuIndexes() {
    return 2;
  }

  @Override
  public void raise(int cause, long value) {
    throw new UnsupportedOperationException("tests look at the exit");
  }

  @Override
  public int misalignedCause(Access access) {
    return access == Access.WRITE ? 6 : 4;
  }

  @Override
  public int accessFaultCause(Access access) {
    return access == Access.WRITE ? 7 : 5;
  }

  @Override
  public boolean hasWork() {
    return false;
  }

  @Override
  public boolean deliverInterrupt() {
    return false;
  }

  @Override
  public String describe() {
    return "pc 0x" + Long.toHexString(pc());
  }
}
