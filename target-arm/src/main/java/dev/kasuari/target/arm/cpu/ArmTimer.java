package dev.kasuari.target.arm.cpu;

/**
 * The generic timers, in the order in which {@link ArmState#CNT_CTL} has them, with the private
 * interrupts that Arm's Base System Architecture gives them (DEN0094, section 3.8.2).
 */
public enum ArmTimer {
  PHYSICAL("cntp", 14),
  VIRTUAL("cntv", 11),
  HYPERVISOR_PHYSICAL("cnthp", 10),
  HYPERVISOR_VIRTUAL("cnthv", 12),
  SECURE_PHYSICAL("cntps", 13);

  private final String line;
  private final int ppi;

  ArmTimer(String line, int ppi) {
    this.line = line;
    this.ppi = ppi;
  }

  /** Name of the output. */
  public String line() {
    return line;
  }

  /** Number among the private interrupts, from 0: 16 less than the interrupt's own. */
  public int ppi() {
    return ppi;
  }
}
