package dev.kasuari.machine.cpu;

import java.util.function.Consumer;
import java.util.function.LongPredicate;

/**
 * The thread that executes one {@link Cpu}, whoever implements it (translation or a hypervisor).
 * Methods may be called from any thread unless they say otherwise.
 */
public interface Vcpu {
  /** Makes the CPU look at its interrupt inputs soon, also out of a wait for interrupt. */
  void kick();

  /**
   * Runs {@code work} on the CPU's thread between two instructions; returns at once. From the CPU's
   * own thread it runs before the next instruction.
   */
  void post(Runnable work);

  /**
   * Runs {@code work} on the CPU's thread between two instructions and waits until it is done. The
   * caller, when it is itself a CPU's thread, counts as quiescent meanwhile; or it does the work
   * itself while the CPU waits and is kept from going on.
   */
  default void runSynchronously(Runnable work) {
    begin(work).run();
  }

  /**
   * The first half of {@link #runSynchronously}, so that many CPUs can be at it at the same time:
   * returns with what waits until {@code work} is done.
   */
  Runnable begin(Runnable work);

  /**
   * Own thread only: has every other CPU of the machine do {@code work}, as {@link #begin}. Returns
   * with what waits until the last one has; the caller counts as quiescent meanwhile.
   */
  Runnable beginOnOthers(Consumer<Cpu> work);

  /** Own thread only: forgets every cached translation. */
  void flushTlb();

  /**
   * Own thread only: forgets every cached translation of some address spaces.
   *
   * @param addressSpaces whether the one with this number is one of them
   */
  void flushTlb(LongPredicate addressSpaces);

  /**
   * Own thread only: from the next instruction on translations are of another address space. What
   * is cached of it may be used again, until it is forgotten. The first one is 0.
   *
   * @param id not negative
   */
  void useAddressSpace(long id);

  /**
   * Own thread only: forgets the translations of the page around a virtual address, in all address
   * spaces.
   */
  void flushTlbPage(long virtualAddress);

  /** Own thread only: instructions retired since reset, the current one not included. */
  long instructionsRetired();

  /** Own thread only: sets the instruction counter, as a guest's write to it does. */
  void setInstructionsRetired(long count);

  /**
   * Stops executing until an interrupt is pending: the CPU waits for interrupt. Own thread only.
   */
  void waitForInterrupt();
}
