package dev.kasuari.target.arm.translate;

import dev.kasuari.host.RawMemory;
import dev.kasuari.target.arm.cpu.ArmCpu;
import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.Syndrome;
import dev.kasuari.target.arm.isa.A64Decoder;
import dev.kasuari.target.arm.isa.A64Disassembler;
import dev.kasuari.tcg.Translation;
import dev.kasuari.tcg.Translator;
import org.jspecify.annotations.Nullable;

/** Fetches, decodes and hands to the semantics. */
final class A64Translator
    implements Translator,
        A64Data,
        A64Branch,
        A64Memory,
        A64Atomic,
        A64System,
        A64Hints,
        A64Pauth,
        A64Float,
        A64FloatConversion,
        A64FloatVector,
        A64FloatProduct,
        A64SimdMemory,
        A64SimdMove,
        A64SimdSame,
        A64SimdDifferent,
        A64SimdElement,
        A64SimdMisc,
        A64SimdShift,
        A64Crypto {
  private final ArmCpu cpu;
  private final long features;
  private @Nullable A64 instruction;

  A64Translator(ArmCpu cpu) {
    this.cpu = cpu;
    this.features = cpu.model().features();
  }

  @Override
  public void translate(Translation at) {
    int low = at.fetch16(0);
    int high = low == Translation.UNREADABLE ? low : at.fetch16(2);
    if (high == Translation.UNREADABLE) {
      return;
    }
    int bits = high << 16 | low;
    at.instruction(4);
    A64 t = instruction;
    if (t == null) {
      t = new A64(cpu, at);
      instruction = t;
    }
    t.begin(at, bits);
    if (ArmMode.breaks(at.mode())) {
      A64Debug.lookForBreakpoints(t);
    }
    if (ArmMode.illegal(at.mode())) {
      t.raise(Syndrome.ILLEGAL_STATE);
    } else if (!A64Decoder.decode(bits, features, t, this)) {
      t.undefined();
    }
    t.finish();
  }

  @Override
  public String configuration() {
    return "a64 %s hvc=%s smc=%s"
        .formatted(cpu.model(), cpu.callsFirmware(Syndrome.HVC), cpu.callsFirmware(Syndrome.SMC));
  }

  @Override
  public void later(A64 t) {
    t.undefined();
  }

  @Override
  public String disassemble(long hostAddress, int length, long pc) {
    int bits = RawMemory.getInt(hostAddress);
    int little = RawMemory.littleEndian() ? bits : Integer.reverseBytes(bits);
    return "%08x  %s".formatted(little, A64Disassembler.disassemble(pc, little, features, true));
  }
}
