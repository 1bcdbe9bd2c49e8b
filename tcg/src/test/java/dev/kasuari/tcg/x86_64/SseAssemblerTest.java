package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Disassembly.memories;
import static dev.kasuari.tcg.x86_64.Disassembly.name;
import static dev.kasuari.tcg.x86_64.Disassembly.someMemories;
import static dev.kasuari.tcg.x86_64.Disassembly.text;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Every encoding of an instruction on vector registers, read back by binutils. */
@Tag("fast")
class SseAssemblerTest {
  private static final List<String> PREDICATES =
      List.of("eq", "lt", "le", "unord", "neq", "nlt", "nle", "ord");

  @TempDir Path folder;
  private final Disassembly d = new Disassembly();

  private static String suffix(Precision precision) {
    return precision == Precision.SINGLE ? "ss" : "sd";
  }

  private static int bytes(Precision precision) {
    return precision == Precision.SINGLE ? 4 : 8;
  }

  @Test
  void scalars() throws Exception {
    for (Xmm x : Xmm.values()) {
      for (Xmm y : Xmm.values()) {
        String both = " " + name(x) + "," + name(y);
        for (Precision p : Precision.values()) {
          String s = suffix(p);
          for (Sse op : Sse.values()) {
            d.check(name(op) + s + both, a -> a.scalar(op, p, x, y));
          }
          d.check("ucomi" + s + both, a -> a.ucomis(p, x, y));
          d.check("comi" + s + both, a -> a.comis(p, x, y));
          d.check("round" + s + both + ",0xb", a -> a.rounds(p, x, y, 11));
          for (int i = 0; i < PREDICATES.size(); i++) {
            int predicate = i;
            d.check("cmp" + PREDICATES.get(i) + s + both, a -> a.cmps(p, x, y, predicate));
          }
          d.check("cvt" + s + "2" + (s.equals("ss") ? "sd" : "ss") + both, a -> a.convert(p, x, y));
        }
        d.check("addsd" + both, a -> a.addsd(x, y));
        d.check("mulsd" + both, a -> a.mulsd(x, y));
      }
      for (Mem m : someMemories()) {
        for (Precision p : Precision.values()) {
          String operands = suffix(p) + " " + name(x) + "," + text(bytes(p), m);
          for (Sse op : Sse.values()) {
            d.check(name(op) + operands, a -> a.scalar(op, p, x, m));
          }
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void vectors() throws Exception {
    for (Xmm x : Xmm.values()) {
      for (Xmm y : Xmm.values()) {
        String both = " " + name(x) + "," + name(y);
        for (SseLogic op : SseLogic.values()) {
          d.check(name(op) + "ps" + both, a -> a.logic(op, x, y));
        }
        d.check("pxor" + both, a -> a.pxor(x, y));
        d.check("movaps" + both, a -> a.movaps(x, y));
        d.check("punpcklqdq" + both, a -> a.punpcklqdq(x, y));
        d.check("pclmulqdq" + both + ",0x21", a -> a.pclmulqdq(x, y, 0x21));
        d.check("vcvtph2ps" + both, a -> a.vcvtph2ps(x, y));
        d.check("vcvtps2ph" + both + ",0x4", a -> a.vcvtps2ph(x, y, 4));
      }
      d.check("psrldq " + name(x) + ",0x8", a -> a.psrldq(x, 8));
      for (Mem m : someMemories()) {
        d.check("xorps " + name(x) + "," + text(16, m), a -> a.logic(SseLogic.XOR, x, m));
      }
    }
    d.verify(folder);
  }

  @Test
  void moves() throws Exception {
    for (Mem m : memories()) {
      for (Xmm x : List.of(Xmm.XMM0, Xmm.XMM5, Xmm.XMM13)) {
        d.check("movss " + name(x) + "," + text(4, m), a -> a.load(Precision.SINGLE, x, m));
        d.check("movsd " + name(x) + "," + text(8, m), a -> a.load(Precision.DOUBLE, x, m));
        d.check("movss " + text(4, m) + "," + name(x), a -> a.store(Precision.SINGLE, m, x));
        d.check("movsd " + text(8, m) + "," + name(x), a -> a.store(Precision.DOUBLE, m, x));
        d.check("movaps " + name(x) + "," + text(16, m), a -> a.movaps(x, m));
        d.check("movaps " + text(16, m) + "," + name(x), a -> a.movaps(m, x));
        d.check("movups " + name(x) + "," + text(16, m), a -> a.movups(x, m));
        d.check("movups " + text(16, m) + "," + name(x), a -> a.movups(m, x));
      }
      d.check("stmxcsr " + text(4, m), a -> a.stmxcsr(m));
      d.check("ldmxcsr " + text(4, m), a -> a.ldmxcsr(m));
    }
    d.verify(folder);
  }

  @Test
  void betweenRegisterFiles() throws Exception {
    for (Xmm x : Xmm.values()) {
      for (Gpr r : Gpr.values()) {
        d.check("movd " + name(x) + "," + name(4, r), a -> a.movd(x, r));
        d.check("movd " + name(4, r) + "," + name(x), a -> a.movd(r, x));
        d.check("movq " + name(x) + "," + name(8, r), a -> a.movq(x, r));
        d.check("movq " + name(8, r) + "," + name(x), a -> a.movq(r, x));
        for (Precision p : Precision.values()) {
          for (Width w : Width.values()) {
            String to = suffix(p) + "2si " + name(w, r) + "," + name(x);
            d.check("cvt" + to, a -> a.toInteger(p, w, r, x));
            d.check("cvtt" + to, a -> a.truncate(p, w, r, x));
            d.check(
                "cvtsi2" + suffix(p) + " " + name(x) + "," + name(w, r),
                a -> a.fromInteger(p, w, x, r));
          }
        }
      }
    }
    d.verify(folder);
  }

  @Test
  void lanesOfIntegers() throws Exception {
    for (Xmm x : Xmm.values()) {
      for (Xmm y : Xmm.values()) {
        String both = " " + name(x) + "," + name(y);
        for (Packed op : Packed.values()) {
          d.check(name(op) + both, a -> a.packed(op, x, y));
        }
        d.check("movq" + both, a -> a.movq(x, y));
        d.check("pshufd" + both + ",0xf5", a -> a.pshufd(x, y, 0xf5));
        d.check("pshuflw" + both + ",0x0", a -> a.pshuflw(x, y, 0));
        d.check("sha1rnds4" + both + ",0x2", a -> a.sha1rnds4(x, y, 2));
        d.check("sha256rnds2" + both + ",xmm0", a -> a.sha256rnds2(x, y));
        d.check("sha256msg1" + both, a -> a.sha256msg1(x, y));
        d.check("sha256msg2" + both, a -> a.sha256msg2(x, y));
        d.check("palignr" + both + ",0x3", a -> a.palignr(x, y, 3));
      }
      d.check("pslldq " + name(x) + ",0x5", a -> a.pslldq(x, 5));
      for (int i = 1; i < 4; i++) {
        int size = i;
        String operands = "bwdq".charAt(i) + " " + name(x) + ",0x5";
        d.check("psrl" + operands, a -> a.shiftRight(size, x, 5));
        d.check("psll" + operands, a -> a.shiftLeft(size, x, 5));
        if (i < 3) {
          d.check("psra" + operands, a -> a.shiftRightSigned(size, x, 5));
        }
      }
      for (Gpr r : Gpr.values()) {
        d.check("pmovmskb " + name(4, r) + "," + name(x), a -> a.pmovmskb(r, x));
      }
      for (Mem m : someMemories()) {
        d.check("pmovsxbw " + name(x) + "," + text(8, m), a -> a.packed(Packed.PMOVSXBW, x, m));
      }
    }
    d.verify(folder);
  }

  @Test
  void fusedMultiplyAdds() throws Exception {
    for (Xmm x : Xmm.values()) {
      for (Xmm y : Xmm.values()) {
        for (Xmm z : List.of(Xmm.XMM0, Xmm.XMM7, Xmm.XMM8, Xmm.XMM15)) {
          for (Precision p : Precision.values()) {
            String operands = suffix(p) + " " + name(x) + "," + name(y) + "," + name(z);
            for (Fma op : Fma.values()) {
              String mnemonic = name(op).replace("m", "fm").replace("nfm", "fnm");
              d.check("v" + mnemonic + "213" + operands, a -> a.fma213(op, p, x, y, z));
              d.check("v" + mnemonic + "231" + operands, a -> a.fma231(op, p, x, y, z));
            }
          }
        }
      }
    }
    d.verify(folder);
  }
}
