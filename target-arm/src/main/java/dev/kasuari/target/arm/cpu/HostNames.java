package dev.kasuari.target.arm.cpu;

import dev.kasuari.target.arm.isa.A64SystemRegisters;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * Which register a name means where EL2 runs an operating system, FEAT_VHE: there names of EL1 mean
 * registers of EL2, and others, with {@code _EL12}, those of EL1. Source: DDI 0487, D8.13 "System
 * and Special-purpose register redirection".
 */
final class HostNames {
  /** Names without the level. */
  private static final List<String> SHARED =
      List.of(
          "sctlr",
          "ttbr0",
          "ttbr1",
          "tcr",
          "spsr",
          "elr",
          "afsr0",
          "afsr1",
          "esr",
          "far",
          "mair",
          "amair",
          "vbar",
          "contextidr",
          "scxtnum");

  private final ArmCpu cpu;
  private final Map<Integer, Integer> atEl2 = new HashMap<>();
  private final Map<Integer, Integer> ofEl1 = new HashMap<>();

  HostNames(ArmCpu cpu) {
    this.cpu = cpu;
    for (String name : SHARED) {
      put(name + "_el1", name + "_el2", name + "_el12");
    }
    put("cpacr_el1", "cptr_el2", "cpacr_el12");
    put("cntkctl_el1", "cnthctl_el2", "cntkctl_el12");
  }

  private void put(String el1, String el2, String el12) {
    int number = A64SystemRegisters.number(el1);
    atEl2.put(number, A64SystemRegisters.number(el2));
    ofEl1.put(A64SystemRegisters.number(el12), number);
  }

  /** The register that a number means here; −1 for none. */
  int meant(int number) {
    int level = cpu.level();
    if (level < 2 || cpu.model().field("id_aa64mmfr1_el1", 8) == 0) {
      return number;
    }
    boolean host = cpu.exceptions().hypervisor(Exceptions.HCR_E2H);
    Integer el1 = ofEl1.get(number);
    if (el1 != null) {
      return host ? el1 : -1;
    }
    return host && level == 2 ? atEl2.getOrDefault(number, number) : number;
  }
}
