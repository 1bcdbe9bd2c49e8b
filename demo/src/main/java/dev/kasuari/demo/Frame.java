package dev.kasuari.demo;

import dev.kasuari.target.riscv.asm.Reg;
import java.util.List;

/**
 * What a function keeps on its stack, from the stack pointer upwards: its local variables, the
 * registers that it saves for its caller, and its return address.
 *
 * @param locals bytes of local variables, at {@code sp}
 * @param saved registers to save, besides {@code ra}
 * @param leaf whether there is no frame at all
 */
record Frame(int locals, List<Integer> saved, boolean leaf) {
  static final Frame NONE = new Frame(0, List.of(), true);

  /** Bytes; the ABI keeps the stack pointer aligned to 16. */
  int size() {
    return leaf ? 0 : (locals + 8 * (saved.size() + 1) + 15) & -16;
  }

  void enter(Part code) {
    if (leaf) {
      return;
    }
    code.addi(Reg.SP, Reg.SP, -size());
    code.sd(Reg.RA, size() - 8, Reg.SP);
    for (int n = 0; n < saved.size(); n++) {
      code.sd(saved.get(n), size() - 16 - 8 * n, Reg.SP);
    }
  }

  void leave(Part code) {
    if (leaf) {
      return;
    }
    code.ld(Reg.RA, size() - 8, Reg.SP);
    for (int n = 0; n < saved.size(); n++) {
      code.ld(saved.get(n), size() - 16 - 8 * n, Reg.SP);
    }
    code.addi(Reg.SP, Reg.SP, size());
  }
}
