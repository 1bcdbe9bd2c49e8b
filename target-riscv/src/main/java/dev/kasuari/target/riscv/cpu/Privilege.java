package dev.kasuari.target.riscv.cpu;

/** Privilege levels by their encoding. Source: privileged, section 1.2. */
public final class Privilege {
  public static final int USER = 0;
  public static final int SUPERVISOR = 1;
  public static final int MACHINE = 3;

  private Privilege() {}

  /** The letter of a level. */
  public static String name(int privilege) {
    return switch (privilege) {
      case USER -> "U";
      case SUPERVISOR -> "S";
      case MACHINE -> "M";
      default -> "?" + privilege;
    };
  }
}
