package dev.kasuari.vm;

import dev.kasuari.qapi.OptionException;

/** What users of QEMU know and Kasuari still lacks: said as such, never as a mistake of theirs. */
public final class NotYet {
  private NotYet() {}

  /**
   * A complaint.
   *
   * @param where option and value: {@code -accel kvm}
   * @param kind what that is: {@code accelerator}
   */
  public static OptionException of(String where, String kind) {
    return new OptionException(
        where + ": QEMU has this " + kind + ", Kasuari does not have it yet");
  }
}
