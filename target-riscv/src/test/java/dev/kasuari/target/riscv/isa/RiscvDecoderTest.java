package dev.kasuari.target.riscv.isa;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeModel;
import java.lang.reflect.InvocationHandler;
import java.lang.reflect.Proxy;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class RiscvDecoderTest {
  private static final long SHARED = ~(RiscvFeatures.RV32 | RiscvFeatures.RV64);
  static final long RV64 = SHARED | RiscvFeatures.RV64;
  static final long RV32 = SHARED | RiscvFeatures.RV32;

  @Test
  void callsTheMethodOfTheInstructionWithItsOperands() {
    assertThat(decode(0xfff58513, RV64)).containsExactly("addi", 10, 11, -1);
    assertThat(decode(0xfe000ee3, RV64)).containsExactly("beq", 0, 0, -4);
    assertThat(decode(0x80000537, RV64)).containsExactly("lui", 10, 0x8000_0000);
    assertThat(decode(0x06e6a7af, RV64)).containsExactly("amoaddW", 15, 13, 14, 3);
  }

  @Test
  void decodesACompressedInstructionAsWhatItStandsFor() {
    assertThat(decode(0x157d, RV64)).containsExactly("addi", 10, 10, -1);
    assertThat(decode(0x8082, RV64)).containsExactly("jalr", 0, 1, 0);
    assertThat(decode(0x852e, RV64)).containsExactly("add", 10, 0, 11);
    assertThat(decode(0x60e2, RV64)).containsExactly("ld", 1, 2, 24);
    assertThat(decode(0x60e2, RV32)).containsExactly("flw", 1, 2, 24);
    assertThat(decode(0x2001, RV32)).containsExactly("jal", 1, 0);
  }

  @Test
  void ignoresWhatFollowsAShortInstruction() {
    assertThat(decode(0xffff157d, RV64)).containsExactly("addi", 10, 10, -1);
  }

  @ParameterizedTest
  @CsvSource({
    "0x0000, all zeros",
    "0x0004, c.addi4spn 0",
    "0x4002, c.lwsp zero",
    "0x6002, c.ldsp zero",
    "0x2005, c.addiw zero",
    "0x6101, c.addi16sp 0",
    "0x6501, c.lui 0",
    "0x8002, c.jr zero",
    "0x8000, Zcb",
    "0xffffffff, all ones",
    "0x0000705b, custom",
    "0x0205151b, slliw beyond 5 bits",
    "0x302000f3, mret with rd",
  })
  void refusesReservedEncodings(String insn, String why) {
    assertThat(decode(Long.decode(insn).intValue(), RV64)).as(why).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(ints = {0x02051513, 0x02055513, 0x42055513, 0x00b5053b, 0x0005b503, 0x9101, 0x1502})
  void refusesWhatOnly64BitRegistersHave(int insn) {
    assertThat(decode(insn, RV32)).isEmpty();
  }

  @Test
  void needsTheFeature() {
    assertThat(decode(0x02b50533, RV64)).containsExactly("mul", 10, 10, 11);
    assertThat(decode(0x02b50533, RV64 & ~RiscvFeatures.M)).isEmpty();
    assertThat(decode(0x157d, RV64 & ~RiscvFeatures.C)).isEmpty();
  }

  @Test
  void tellsTheLengthFromTheFirstBits() {
    assertThat(RiscvDecoder.length(0x157d)).isEqualTo(2);
    assertThat(RiscvDecoder.length(0x13)).isEqualTo(4);
  }

  @ParameterizedTest
  @ValueSource(longs = {32, 64})
  void encodesEveryPatternToWhatDecodesAsIt(long xlen) {
    long features = xlen == 32 ? RV32 : RV64;
    long seed = 20240411;
    var generator = new RiscvGenerator(new Random(seed), features);
    for (int pattern : generator.patterns()) {
      for (int i = 0; i < 200; i++) {
        int insn = generator.encode(pattern);
        assertThat(RiscvDecoder.match(insn, features))
            .as("%s %x, seed %d", RiscvPatterns.name(pattern), insn, seed)
            .isEqualTo(pattern);
        assertThat(decode(insn, features)).isNotEmpty();
      }
    }
  }

  @Test
  void generatesWhatTheHooksAllow() {
    var loads = List.of("lw", "ld", "c.lwsp");
    var generator =
        new RiscvGenerator(
            new Random(3),
            RV64,
            pattern -> loads.contains(RiscvPatterns.name(pattern)),
            (pattern, operand, random) ->
                operand.name().equals("rd")
                    ? 10
                    : RiscvGenerator.uniform(pattern, operand, random));
    assertThat(generator.patterns()).hasSize(3);
    for (int i = 0; i < 1000; i++) {
      int pattern = generator.pattern();
      int insn = generator.encode(pattern);
      assertThat(RiscvPatterns.name(pattern)).isIn(loads);
      assertThat(RiscvFields.rd(insn)).isEqualTo(10);
    }
    assertThatThrownBy(() -> new RiscvGenerator(new Random(3), RV64, p -> false, (p, o, r) -> 0))
        .hasMessageStartingWith("no pattern is left with the features rv64 m a f d c s");
    assertThatThrownBy(() ->
            new RiscvGenerator(new Random(3), RV64, p -> true, (p, o, r) -> 0)
                .encode(RiscvPatterns.C_LWSP))
        .isInstanceOf(IllegalStateException.class)
        .hasMessage("no operands were found that make a valid c.lwsp");
  }

  @Test
  void listsPatterns() {
    assertThat(RiscvPatterns.names()).doesNotHaveDuplicates().contains("addi", "c.addi", "mret");
    int addi = RiscvPatterns.number("addi");
    assertThat(addi).isEqualTo(RiscvPatterns.ADDI);
    assertThat(RiscvPatterns.number("c.quux")).isEqualTo(-1);
    assertThat(RiscvPatterns.meaning(RiscvPatterns.C_LI)).isEqualTo(addi);
    assertThat(RiscvPatterns.meaning(addi)).isEqualTo(addi);
    assertThat(RiscvPatterns.bytes(RiscvPatterns.C_LI)).isEqualTo(2);
    assertThat(RiscvPatterns.section(RiscvPatterns.SH1ADD)).isEqualTo("Zba");
    assertThat(RiscvPatterns.operands(addi))
        .extracting(RiscvPatterns.Operand::name)
        .containsExactly("rd", "rs1", "imm");
  }

  @Test
  void showsTargetsOfBranchesInTheAddressSpace() {
    assertThat(RiscvDisassembler.disassemble(0, 0xfe000ee3, RV32, false))
        .isEqualTo("beq     zero,zero,0xfffffffc");
    assertThat(RiscvDisassembler.disassemble(0x8000_0000L, 0x8082, RV64, true)).isEqualTo("ret");
    assertThat(RiscvDisassembler.disassemble(0, 0xffffffff, RV64, true))
        .isEqualTo(".4byte  0xffffffff");
  }

  @Test
  void refusesOperandsThatDoNotFit() {
    assertThat(RiscvEncoder.addi(10, 11, -1)).isEqualTo(0xfff58513);
    assertThatThrownBy(() -> RiscvEncoder.addi(10, 11, 2048))
        .hasMessage("addi: imm 2048 is out of range -2048..2047");
    assertThatThrownBy(() -> RiscvEncoder.beq(0, 0, 3))
        .hasMessage("beq: imm 3 is no multiple of 2");
    assertThatThrownBy(() -> RiscvEncoder.cLw(7, 8, 0))
        .hasMessage("c.lw: rd 7 is out of range 8..15");
    assertThatThrownBy(() -> RiscvEncoder.cLwsp(0, 4))
        .hasMessage("c.lwsp: its operands must satisfy rd!=0");
  }

  @Test
  void staysBelowTheLimitOfTheJit() throws IOException {
    for (Class<?> c :
        List.of(
            RiscvDecoder.class,
            RiscvFields.class,
            RiscvPatterns.class,
            RiscvDisassembler.class,
            RiscvEncoder.class)) {
      byte[] bytes;
      try (var in = c.getResourceAsStream(c.getSimpleName() + ".class")) {
        assertThat(in).isNotNull();
        bytes = in.readAllBytes();
      }
      for (var method : ClassFile.of().parse(bytes).methods()) {
        int length =
            method
                .code()
                .map(CodeModel.class::cast)
                .map(m -> ((java.lang.classfile.attribute.CodeAttribute) m).codeLength())
                .orElse(0);
        assertThat(length).as("%s.%s", c, method.methodName()).isLessThan(8000);
      }
    }
  }

  /** The method that was called and its arguments, or nothing. */
  static List<Object> decode(int insn, long features) {
    var call = new ArrayList<Object>();
    InvocationHandler recorder =
        (proxy, method, arguments) -> {
          call.add(method.getName());
          call.addAll(List.of(arguments).subList(1, arguments.length));
          return null;
        };
    @SuppressWarnings("unchecked")
    var visitor =
        (RiscvInstructions<Object>)
            Proxy.newProxyInstance(
                RiscvInstructions.class.getClassLoader(),
                new Class<?>[] {RiscvInstructions.class},
                recorder);
    boolean decoded = RiscvDecoder.decode(insn, features, "context", visitor);
    assertThat(decoded).isEqualTo(!call.isEmpty());
    return call;
  }
}
