package dev.kasuari.target.riscv.translate;

import dev.kasuari.host.RawMemory;
import dev.kasuari.target.riscv.cpu.RiscvCpu;
import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvDisassembler;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.Translator;
import org.jspecify.annotations.Nullable;

/** Fetches, decodes and hands to the semantics. */
public final class RiscvTranslator
    implements Translator, RvI, RvM, RvA, RvFD, RvZfh, RvZb, RvCmo, RvSystem {
  private final RiscvCpu cpu;
  private final long features;
  private @Nullable Rv instruction;

  public RiscvTranslator(RiscvCpu cpu) {
    this.cpu = cpu;
    this.features = cpu.model().features();
  }

  @Override
  public void translate(Translation at) {
    int low = at.fetch16(0);
    if (low == Translation.UNREADABLE) {
      return;
    }
    int bits = low;
    int length = 2;
    if ((low & 3) == 3) {
      int high = at.fetch16(2);
      if (high == Translation.UNREADABLE) {
        return;
      }
      bits = high << 16 | low;
      length = 4;
    }
    at.instruction(length);
    Rv rv = instruction;
    if (rv == null) {
      rv = new Rv(cpu, at);
      instruction = rv;
    }
    rv.begin(at, bits);
    if (!RiscvDecoder.decode(bits, features, rv, this)) {
      rv.illegal();
    }
  }

  @Override
  public String configuration() {
    return "rv%d %s".formatted(cpu.model().xlen(), cpu.model().options());
  }

  @Override
  public String disassemble(long hostAddress, int length, long pc) {
    int low = RawMemory.getShort(hostAddress) & 0xffff;
    int bits = length == 2 ? low : RawMemory.getShort(hostAddress + 2) << 16 | low;
    String text = RiscvDisassembler.disassemble(pc, bits, features, true);
    return length == 2 ? "%04x      %s".formatted(bits, text) : "%08x  %s".formatted(bits, text);
  }
}
