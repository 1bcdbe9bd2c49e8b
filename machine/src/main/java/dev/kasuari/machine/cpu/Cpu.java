package dev.kasuari.machine.cpu;

import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The architected side of one CPU: registers, exceptions, interrupt inputs and address translation.
 * It knows no accelerator; {@link #attach} tells it which {@link Vcpu} runs it.
 *
 * <p>Unless a method says otherwise it is called on the CPU's own thread, or while that thread is
 * stopped.
 */
public abstract class Cpu implements AutoCloseable {
  private final int index;
  private final GuestState state;
  private @Nullable Vcpu vcpu;

  protected Cpu(int index, StateLayout layout) {
    this.index = index;
    this.state = new GuestState(layout);
  }

  /** Position among the machine's CPUs, from 0; also the requester id of its bus accesses. */
  public final int index() {
    return index;
  }

  public final GuestState state() {
    return state;
  }

  /** Called once by the accelerator before the CPU first runs. */
  public void attach(Vcpu vcpu) {
    this.vcpu = vcpu;
  }

  /** The thread that runs this CPU. */
  public final Vcpu vcpu() {
    return Objects.requireNonNull(vcpu, "no accelerator runs this CPU yet");
  }

  /** True once an accelerator has taken the CPU. */
  public final boolean attached() {
    return vcpu != null;
  }

  /** Puts every register to its architected reset value. */
  public abstract void reset();

  /** The program counter. */
  public abstract long pc();

  public abstract void setPc(long pc);

  /**
   * Everything besides the bytes themselves that the translation of an instruction depends on
   * (privilege, MMU index, FP and vector enables, endianness, width …), packed by the architecture.
   */
  public abstract long mode();

  /** The MMU index that instruction fetch uses in the current mode; see {@link #mmuIndexes}. */
  public abstract int fetchMmuIndex();

  /** How many separate translation regimes data accesses may name, 1 to 16. */
  public abstract int mmuIndexes();

  /**
   * Translates the address of one access. On success fills {@code out} and returns true; otherwise
   * sets its fault fields and returns false. Updates accessed and dirty bits where the architecture
   * does.
   *
   * @param size bytes of the access, none of them beyond the page: where protection is finer than a
   *     page, all of them must be permitted
   */
  public abstract boolean translate(
      long virtualAddress, int size, Access access, int mmuIndex, PageTranslation out);

  /**
   * Puts back what a trap inside translated code left behind: the program counter, and the word
   * that the translator of this architecture recorded with the instruction.
   */
  public void restore(long pc, long word) {
    setPc(pc);
  }

  /**
   * A load or store is about to be done to a page of which {@link PageTranslation#inspected} was
   * said. An access to two pages comes as a whole, and its bytes in pieces as well.
   *
   * @return true if it may be done; otherwise the fault fields of {@code out} are set
   */
  public boolean inspect(
      long virtualAddress, int size, Access access, int mmuIndex, PageTranslation out) {
    return true;
  }

  /**
   * A jump to a computed address has just been taken, where it is not known what is there; the
   * program counter is its target, and may be changed to what the architecture makes of that.
   *
   * @param kind 0, or 1 to 3 for jumps that are not welcome everywhere, as the translator of this
   *     architecture named it
   * @param from an address in the page that the jump is in
   */
  public void jumped(int kind, long from) {}

  /**
   * The instruction at the program counter, which can be fetched, is about to be run after a
   * lookup.
   *
   * @return the kinds of jumps, a bit each, that may lead there without asking again while mapping,
   *     mode and code stay as they are; or −1 if an exception was taken instead
   */
  public int enter() {
    return 0;
  }

  /** Takes an exception at the current {@link #pc}: the registers are as the handler sees them. */
  public abstract void raise(int cause, long value);

  /** The exception number of a misaligned access that the architecture does not perform. */
  public abstract int misalignedCause(Access access);

  /**
   * True if an atomic read-modify-write of what cannot even be read faults as a read; as a write
   * otherwise.
   */
  public boolean atomicsFaultAsReads() {
    return false;
  }

  /** The exception number of a physical access that no device answers. */
  public abstract int accessFaultCause(Access access);

  /** True if an interrupt is pending that ends a wait for interrupt. Any thread. */
  public abstract boolean hasWork();

  /** Takes the most urgent enabled interrupt, if there is one, and says whether it did. */
  public abstract boolean deliverInterrupt();

  /** Registers as text, as the monitor and {@code -d cpu} show them. */
  public abstract String describe();

  @Override
  public void close() {
    state.close();
  }
}
