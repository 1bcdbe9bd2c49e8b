package dev.kasuari.tcg;

/** Told of each unit that is made, on the thread of the vCPU that needs it. */
public interface TranslationObserver {
  /** Code that belongs to no unit, once, before any unit. */
  default void routine(String name, long address, int size) {}

  /** Whether it would do anything if it were told of a unit now. Asked often. */
  default boolean listens() {
    return true;
  }

  /** A unit was made. It may not get to run, where the guest wrote over its code meanwhile. */
  void translated(TranslatedUnit unit);
}
