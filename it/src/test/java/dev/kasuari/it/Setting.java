package dev.kasuari.it;

import java.util.List;
import java.util.Map;

/**
 * What a sequence runs in: its mode, CSRs and pages, and what it has besides plain instructions.
 */
interface Setting {
  /** The mode that the sequence starts in: 0 user, 1 supervisor, 3 machine. */
  int privilege();

  /** True if instructions of a pattern come by themselves; else at most in a group. */
  boolean suits(int pattern);

  /** Has certain registers kept before any others are. */
  void reserve(Operands operands);

  /** Has registers kept for groups. */
  void claim(Operands operands);

  /** May add instructions that belong together. */
  void addGroup(SequenceGenerator sequence);

  /** What CSRs start with; see {@link SequenceBatch#CSRS}. */
  Map<Integer, Word> csrs();

  /** The sequence's own pages. */
  List<List<Word>> pages();

  /** Whether accesses to the sequence's own memory may fault. */
  boolean faults();

  /** Whether a trap outside of the code returns to {@code ra}. */
  boolean returning();
}
