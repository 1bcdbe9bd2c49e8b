package dev.kasuari.target.arm.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.attribute.CodeAttribute;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class A64DecoderTest {
  /** Every feature. */
  static final long ALL = -1;

  @Test
  void callsTheMethodOfTheInstructionWithItsOperands() {
    assertThat(decode(0x9100_0421)).containsExactly("addI", 1, 0, 1, 1, 1);
    assertThat(decode(0x17ff_ffff)).containsExactly("b", -4);
    assertThat(decode(0xb000_0001)).containsExactly("adrp", 1, 4096L);
    assertThat(decode(0xf940_0421)).containsExactly("ldrU", 3, 1, 1, 1);
    assertThat(decode(0xa9bf_7bfd)).containsExactly("stp", 1, 3, -2, 30, 31, 29);
    assertThat(decode(0xd538_0000)).containsExactly("mrs", 0xc000, 0);
  }

  @Test
  void callsOneMethodForAllSizesOfLanes() {
    assertThat(decode(0x4ea2_8420)).as("add v0.4s").containsExactly("addV", 1, 2, 2, 1, 0);
    assertThat(decode(0x5ee2_8420)).as("add d0").containsExactly("addV", 3, 3, 2, 1, 0);
    assertThat(decode(0x0e22_d420)).as("fadd v0.2s").containsExactly("faddV", 0, 2, 2, 1, 0);
    assertThat(decode(0x4e42_1420)).as("fadd v0.8h").containsExactly("faddV", 1, 1, 2, 1, 0);
    assertThat(decode(0x1e62_2820)).as("fadd d0").containsExactly("fadd", 3, 2, 1, 0);
    assertThat(decode(0x1ee2_2820)).as("fadd h0").containsExactly("fadd", 1, 2, 1, 0);
    assertThat(decode(0x7ea2_d420)).as("fabd s0").containsExactly("fabdV", 3, 2, 2, 1, 0);
    assertThat(decode(0x4f00_16a1)).as("orr #21").containsExactly("orrVi", 1, 21, 1, 1);
    assertThat(decode(0x6f00_e6a1)).as("movi v1.2d").containsExactly("movi", 1, 21, 1, 1, 14);
    assertThat(decode(0x0f62_8820)).as("mul h[6]").containsExactly("mulE", 0, 1, 2, 6, 1, 0);
    assertThat(decode(0x1e64_0020)).as("fcvtas").containsExactly("fcvtS", 0, 3, 1, 0, 4);
    assertThat(decode(0x4d40_8441))
        .as("ld1 {v1.d}[1]")
        .containsExactly("ldOne", 1, 0, 0, 2, 1, 3, 1);
  }

  @ParameterizedTest
  @CsvSource({
    "0x00010000, all but the lowest half of UDF are zero",
    "0x12400000, 32-bit AND with N",
    "0x9240fc00, AND of a run as long as its element",
    "0x1ac03000, no such instruction of two sources",
    "0x0b00fc00, 32-bit ADD shifted by 63",
    "0x8bc00000, ADD rotated",
    "0x52c00000, 32-bit MOVZ shifted by 32",
    "0x93000000, 64-bit SBFM without N",
    "0x08207c21, CASP of an odd register",
    "0xffffffff, all ones",
  })
  void refusesUnallocatedEncodings(String insn, String why) {
    assertThat(decode(Long.decode(insn).intValue())).as(why).isEmpty();
  }

  @Test
  void needsTheFeature() {
    assertThat(decode(0x08a0_7c41)).startsWith("cas");
    assertThat(decode(0x08a0_7c41, ALL & ~A64Features.LSE)).isEmpty();
    assertThat(decode(0xd503_233f)).containsExactly("pacspLr", 0);
    assertThat(decode(0xd503_233f, ALL & ~A64Features.PAUTH)).containsExactly("hint", 25);
  }

  @Test
  void hasSomethingForEveryFeature() {
    // Which changes what instructions do that there are without it.
    List<String> names = A64Features.names().stream().filter(n -> !n.equals("lse2")).toList();
    for (String name : names) {
      long without = ALL & ~A64Features.bit(name);
      assertThat(IntStream.range(0, A64Patterns.COUNT))
          .as(name)
          .anyMatch(pattern -> !A64Patterns.available(pattern, without));
    }
  }

  @Test
  void encodesEveryPatternToWhatDecodesAsIt() {
    long seed = 20251;
    var generator = new A64Generator(new Random(seed), ALL);
    assertThat(generator.patterns()).hasSize(A64Patterns.COUNT);
    for (int pattern : generator.patterns()) {
      for (int i = 0; i < 200; i++) {
        int insn = generator.encode(pattern);
        assertThat(A64Decoder.match(insn, ALL))
            .as("%s %x, seed %d", A64Patterns.name(pattern), insn, seed)
            .isEqualTo(pattern);
        assertThat(decode(insn)).isNotEmpty();
      }
    }
  }

  @Test
  void encodes() {
    assertThat(A64Encoder.addI(1, 0, 1, 1, 1)).isEqualTo(0x9100_0421);
    assertThat(A64Encoder.ldxr(3, 0, 1, 2)).as("should be one").isEqualTo(0xc85f_7c41);
    assertThat(A64Encoder.mrs(0xc000, 0)).isEqualTo(0xd538_0000);
    assertThatThrownBy(() -> A64Encoder.addS(0, 0, 1, 32, 2, 3))
        .hasMessage("add.s: its operands must satisfy sf==1|amount<32");
  }

  @Test
  void staysBelowTheLimitOfTheJit() throws IOException {
    for (Class<?> c : List.of(A64Decoder.class, A64Fields.class, A64Encoder.class)) {
      try (var in = c.getResourceAsStream(c.getSimpleName() + ".class")) {
        assertThat(in).isNotNull();
        for (var method : ClassFile.of().parse(in.readAllBytes()).methods()) {
          int length = method.code().map(m -> ((CodeAttribute) m).codeLength()).orElse(0);
          assertThat(length).as("%s.%s", c, method.methodName()).isLessThan(8000);
        }
      }
    }
  }

  private static List<Object> decode(int insn) {
    return decode(insn, ALL);
  }

  /** The method that was called and its arguments, or nothing. */
  private static List<Object> decode(int insn, long features) {
    var call = new ArrayList<Object>();
    InvocationHandler recorder =
        (proxy, method, arguments) -> {
          if (method.getReturnType() == boolean.class) {
            return true; // a guard, which permits it
          }
          call.add(method.getName());
          call.addAll(List.of(arguments).subList(1, arguments.length));
          return null;
        };
    @SuppressWarnings("unchecked")
    var visitor =
        (A64Instructions<Object>)
            Proxy.newProxyInstance(
                A64Instructions.class.getClassLoader(),
                new Class<?>[] {A64Instructions.class},
                recorder);
    boolean decoded = A64Decoder.decode(insn, features, "context", visitor);
    assertThat(decoded).isEqualTo(!call.isEmpty());
    return call;
  }
}
