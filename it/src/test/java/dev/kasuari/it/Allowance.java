package dev.kasuari.it;

/** Which differences are known, and not ours to mend. */
@FunctionalInterface
interface Allowance {
  /**
   * Says whether a difference is known.
   *
   * @param field what differs: {@code cause}, {@code pc}, {@code value} or {@code mstatus} of a
   *     trap, {@code entry} of a page table after some fault of a load or store, {@code entry
   *     without access} after one that physical memory protection or a bus raised, or a name that
   *     {@link Outcome#differences} reports
   * @param pc address of the instruction that trapped, or 0
   */
  boolean allows(String field, long pc, long mine, long others);
}
