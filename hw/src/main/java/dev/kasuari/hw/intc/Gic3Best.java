package dev.kasuari.hw.intc;

import dev.kasuari.machine.InterruptPort;

/** The most urgent of the interrupts that were offered to a CPU; of equals the first. */
final class Gic3Best {
  private static final int LEAST_URGENT = 0x100;

  private int id;
  private int priority;
  private int group;
  private int accepted;

  /**
   * Begins anew.
   *
   * @param acceptedGroups those that the CPU takes, a bit for each
   */
  void begin(int acceptedGroups) {
    id = InterruptPort.NONE;
    priority = LEAST_URGENT;
    group = 0;
    accepted = acceptedGroups;
  }

  void offer(int newId, int newPriority, int newGroup) {
    if (newPriority < priority && (accepted & 1 << newGroup) != 0) {
      id = newId;
      priority = newPriority;
      group = newGroup;
    }
  }

  int id() {
    return id;
  }

  int priority() {
    return priority;
  }

  int group() {
    return group;
  }

  boolean same(Gic3Best other) {
    return id == other.id && priority == other.priority && group == other.group;
  }

  void copy(Gic3Best other) {
    id = other.id;
    priority = other.priority;
    group = other.group;
  }
}
