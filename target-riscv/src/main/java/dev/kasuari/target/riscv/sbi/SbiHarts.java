package dev.kasuari.target.riscv.sbi;

import dev.kasuari.target.riscv.cpu.RiscvCpu;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The harts of a machine, and the ways in which a call names some of them. */
final class SbiHarts {
  private final List<SbiHart> harts;

  SbiHarts(List<RiscvCpu> cpus) {
    harts = cpus.stream().map(SbiHart::new).toList();
  }

  SbiHart of(RiscvCpu cpu) {
    return harts.get(cpu.index());
  }

  int count() {
    return harts.size();
  }

  /** The hart with that id, if there is one. */
  Optional<SbiHart> find(long id) {
    return id >= 0 && id < harts.size() ? Optional.of(harts.get((int) id)) : Optional.empty();
  }

  /**
   * The available harts that arguments 0 and 1 of a call name: a mask of hart ids, from a base on;
   * base −1 is everybody (SBI, section 3.1). Empty if one of them does not exist.
   */
  Optional<List<SbiHart>> masked(SbiCall call) {
    if (call.isAllOnes(1)) {
      return Optional.of(available(-1));
    }
    long mask = call.argument(0);
    long base = call.argument(1);
    if (base < 0 || base >= harts.size()) {
      return Optional.empty();
    }
    // No machine has more than 64 harts, so what is shifted out does not exist.
    long named = mask << base;
    boolean lost = base > 0 && mask >>> (Long.SIZE - base) != 0;
    return lost || (named & ~everybody()) != 0 ? Optional.empty() : Optional.of(available(named));
  }

  private long everybody() {
    return -1L >>> (Long.SIZE - harts.size());
  }

  /** The available harts of a mask; ids that do not exist are left out. */
  List<SbiHart> available(long mask) {
    var chosen = new ArrayList<SbiHart>();
    for (int i = 0; i < harts.size(); i++) {
      if ((mask >>> i & 1) != 0 && harts.get(i).available()) {
        chosen.add(harts.get(i));
      }
    }
    return chosen;
  }
}
