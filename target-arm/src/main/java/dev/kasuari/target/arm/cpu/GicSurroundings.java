package dev.kasuari.target.arm.cpu;

/** What the CPU half of an interrupt controller asks of its processing element. */
final class GicSurroundings implements GicCpuInterface.Surroundings {
  private final ArmCpu cpu;

  GicSurroundings(ArmCpu cpu) {
    this.cpu = cpu;
  }

  @Override
  public int level() {
    return cpu.level();
  }

  @Override
  public boolean secure() {
    return hasEl3() && (level() == 3 || (scr() & Exceptions.SCR_NS) == 0);
  }

  @Override
  public boolean hasEl2() {
    return cpu.hasHypervisor() && !secure();
  }

  @Override
  public boolean hasEl3() {
    return cpu.model().levels() == 3;
  }

  @Override
  public long hcr() {
    return cpu.state().get(ArmState.HCR);
  }

  @Override
  public long scr() {
    return cpu.state().get(ArmState.SCR);
  }
}
