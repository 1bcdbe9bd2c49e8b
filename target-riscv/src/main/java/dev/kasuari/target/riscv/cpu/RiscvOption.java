package dev.kasuari.target.riscv.cpu;

import dev.kasuari.target.riscv.isa.RiscvFeatures;
import java.util.Arrays;
import java.util.Optional;

/**
 * What a hart may have or lack. Declared in the order in which an ISA string names them
 * (unprivileged, chapter 36); those with a dash for an ISA name are not part of it.
 */
public enum RiscvOption {
  M("m", "m", RiscvFeatures.M, "integer multiplication and division"),
  A("a", "a", RiscvFeatures.A, "atomic instructions"),
  F("f", "f", RiscvFeatures.F, "single-precision floating point"),
  D("d", "d", RiscvFeatures.D, "double-precision floating point"),
  C("c", "c", RiscvFeatures.C, "compressed instructions"),
  ZICBOM("zicbom", "zicbom", RiscvFeatures.ZICBOM, "cache-block management"),
  ZICBOP("zicbop", "zicbop", RiscvFeatures.ZICBOP, "cache-block prefetch"),
  ZICBOZ("zicboz", "zicboz", RiscvFeatures.ZICBOZ, "cache-block zero"),
  ZICNTR("zicntr", "zicntr", 0, "counters: cycle, time, instret"),
  ZICSR("zicsr", "zicsr", RiscvFeatures.ZICSR, "control and status register instructions"),
  ZIFENCEI("zifencei", "zifencei", RiscvFeatures.ZIFENCEI, "instruction-fetch fence"),
  ZIHINTPAUSE("zihintpause", "zihintpause", 0, "pause hint"),
  ZIHPM("zihpm", "zihpm", 0, "hardware performance counters (all read zero)"),
  ZACAS("zacas", "zacas", RiscvFeatures.ZACAS, "atomic compare-and-swap"),
  ZAWRS("zawrs", "zawrs", RiscvFeatures.ZAWRS, "wait on reservation set"),
  ZFH("zfh", "zfh", RiscvFeatures.ZFH, "half-precision floating point"),
  ZFHMIN("zfhmin", "zfhmin", RiscvFeatures.ZFHMIN, "half-precision conversions"),
  ZBA("zba", "zba", RiscvFeatures.ZBA, "address generation"),
  ZBB("zbb", "zbb", RiscvFeatures.ZBB, "basic bit manipulation"),
  ZBC("zbc", "zbc", RiscvFeatures.ZBC, "carry-less multiplication"),
  ZBS("zbs", "zbs", RiscvFeatures.ZBS, "single-bit instructions"),
  SSTC("sstc", "sstc", 0, "supervisor-mode timer interrupts"),
  SVADE("svade", "svade", 0, "page fault where an A or D bit would have to be set, after reset"),
  SVADU("svadu", "svadu", 0, "hardware updating of A and D bits"),
  SVINVAL("svinval", "svinval", RiscvFeatures.SVINVAL, "finer fences of address translation"),
  SVNAPOT("svnapot", "svnapot", 0, "contiguous ranges of 64 KiB in page tables"),
  SVPBMT("svpbmt", "svpbmt", 0, "memory types in page tables"),
  S("s", "-", RiscvFeatures.S, "supervisor mode"),
  MMU("mmu", "-", 0, "address translation"),
  SV32("sv32", "-", 0, "translation of 32-bit addresses"),
  SV39("sv39", "-", 0, "translation of 39-bit addresses"),
  SV48("sv48", "-", 0, "translation of 48-bit addresses"),
  SV57("sv57", "-", 0, "translation of 57-bit addresses"),
  PMP("pmp", "-", 0, "physical memory protection, 16 entries");

  private final String property;
  private final String isaName;
  private final long feature;
  private final String doc;

  RiscvOption(String property, String isaName, long feature, String doc) {
    this.property = property;
    this.isaName = isaName;
    this.feature = feature;
    this.doc = doc;
  }

  /** The name in {@code -cpu MODEL,NAME=on}. */
  public String property() {
    return property;
  }

  /** A line for {@code -cpu help}. */
  public String doc() {
    return doc;
  }

  /** True if an ISA string names it. */
  public boolean inIsa() {
    return !isaName.equals("-");
  }

  /** The name in an ISA string. */
  public String isaName() {
    return isaName;
  }

  /** Its bit in {@link RiscvFeatures}, or 0 if no instruction depends on it alone. */
  long feature() {
    return feature;
  }

  /** The option of that property name. */
  static Optional<RiscvOption> named(String property) {
    return Arrays.stream(values()).filter(o -> o.property.equals(property)).findFirst();
  }
}
