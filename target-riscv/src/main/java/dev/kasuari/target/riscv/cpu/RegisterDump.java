package dev.kasuari.target.riscv.cpu;

import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** The registers of a hart as text: program counter, important CSRs, integer and FP registers. */
final class RegisterDump {
  private static final List<String> X =
      List.of(
          "zero ra sp gp tp t0 t1 t2 s0 s1 a0 a1 a2 a3 a4 a5 a6 a7 s2 s3 s4 s5 s6 s7 s8 s9 s10 s11"
              .concat(" t3 t4 t5 t6")
              .split(" "));
  private static final List<String> F =
      List.of(
          "ft0 ft1 ft2 ft3 ft4 ft5 ft6 ft7 fs0 fs1 fa0 fa1 fa2 fa3 fa4 fa5 fa6 fa7 fs2 fs3 fs4 fs5"
              .concat(" fs6 fs7 fs8 fs9 fs10 fs11 ft8 ft9 ft10 ft11")
              .split(" "));
  private static final List<String> CSRS =
      List.of(
          "mhartid mstatus mip mie mideleg medeleg mtvec stvec mepc sepc mcause scause mtval stval"
              .concat(" mscratch sscratch satp")
              .split(" "));
  private static final int COLUMNS = 4;

  private final StringBuilder text = new StringBuilder();
  private final RiscvCpu hart;

  private RegisterDump(RiscvCpu hart) {
    this.hart = hart;
  }

  static String of(RiscvCpu hart) {
    return new RegisterDump(hart).make();
  }

  private String make() {
    register("pc", hart.pc());
    text.append("\n priv     ").append(Privilege.name(hart.privilege())).append('\n');
    controlRegisters();
    for (int i = 0; i < X.size(); i++) {
      column("x" + i + "/" + X.get(i), hart.x(i), i);
    }
    if (hart.status().floatOn()) {
      for (int i = 0; i < F.size(); i++) {
        column("f" + i + "/" + F.get(i), hart.state().get(RiscvState.F, i), i);
      }
    }
    return text.toString();
  }

  private void controlRegisters() {
    Map<String, Csr> byName = new HashMap<>();
    hart.csrs().forEach(csr -> byName.put(csr.name(), csr));
    for (String name : CSRS) {
      Csr csr = byName.get(name);
      if (csr != null) {
        register(name, csr.read().getAsLong());
        text.append('\n');
      }
    }
  }

  private void column(String name, long value, int i) {
    register(name, value);
    text.append(i % COLUMNS == COLUMNS - 1 ? "\n" : "");
  }

  private void register(String name, long value) {
    String digits = hart.model().xlen() == 32 ? "%08x" : "%016x";
    long shown = hart.model().xlen() == 32 ? value & 0xffff_ffffL : value;
    text.append((" %-8s " + digits).formatted(name, shown));
  }
}
