package dev.kasuari.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A byte-coded instruction set of one to seven bytes, through everything that is generated. */
@Tag("fast")
class ToyIsaTest {
  /** Bytes are written in the order in which they are fetched. */
  private static final String TOY =
      """
      isa Toy
      package toy
      unit 8 stream
      feature fast  "a <fast> one"
      feature wide
      feature slow
      exclusive fast slow
      guard open wide
      address 16 [slow]

      printer reg list a b c d e f g h
      printer cond table 0=eq 1=ne 4..6=f#1x else "?"
      field r      2:0 reg
      field s      5:3 reg
      field high   10:8 +8
      field imm8   15:8 signed
      field imm32  39:8 signed hex
      field imm48  55:8
      field rel    15:8 signed rel
      field cc     11:8 cond
      # A number in pieces: from the second byte's halves, with a hole, times four.
      field mixed  8 7 15:12 <<2 signed

      format @r r "{name} {r}"
      nop                   00000000
      inc    @r             00001...
      dec    @r             00010... [fast]
      dec.s  @r             00010... [slow] => dec "slowdec {r}"
      ld8    r imm=%imm8    00011... ........
      ld32   r imm=%imm32   00100... ........ ........ ........ ........
      ld48   imm=%imm48     00101000 ........ ........ ........ ........ ........ ........
      jmp    rel            00110000 ........ "{name} {rel}"
      jc     cc             00110001 ----.... "j{cc}"
      mix    mixed=%mixed   .0000001 ....111. mixed!=0 "{name} {mixed}"
      top    q=%high        00000010 00000... "{name} {q}"
      zero   r              00111... => ld8 imm=0
      seven  q=7            00000011
      eighth q=%imm8        00101001 ........ => seven
      eight  q=8            00101010          => seven
      none                  00101011          => seven
      {
        swap.self  r s      01...... r==s
        [
          swap.low   r s    01...... r<s
          swap.high  r s    01...... r>s s!=6
        ]
        swap.rest  r s      01...... => swap.low r=s s=r "swap.rest"
      }
      final    11111111
      broad    r [wide] 11000...
      for      11111110
      alias ld8 [slow] imm==0 "slowclr {r}"
      alias ld8 imm==0 "clr {r}"
      alias ld8 imm<0  "ldn {r},{imm}"
      """;

  private static final long FAST = 1;
  private static final long WIDE = 2;
  private static final long SLOW = 4;

  @TempDir static Path directory;
  private static CompiledIsa toy;

  @BeforeAll
  static void compile() throws IOException {
    toy = new CompiledIsa(Parser.parse("toy", TOY), directory);
  }

  @AfterAll
  static void close() throws IOException {
    toy.close();
  }

  @Test
  void putsTheFirstByteIntoTheLowBits() {
    assertThat(toy.decode(0x7f_1d, FAST)).containsExactly("ld8", 5, 127);
    assertThat(toy.decode(0xff_1d, FAST)).containsExactly("ld8", 5, -1);
    assertThat(toy.decode(0x80_00_00_01_22L, FAST)).containsExactly("ld32", 2, 0x8000_0001);
    assertThat(toy.decode(0xff_ff_00_00_00_01_28L, FAST))
        .containsExactly("ld48", 0xff_ff_00_00_00_01L);
  }

  @Test
  void ignoresBytesOfTheNextInstruction() {
    assertThat(toy.decode(0xffff_ffff_ffff_ff00L, FAST)).containsExactly("nop");
  }

  @Test
  void dependsOnFeatures() {
    assertThat(toy.decode(0x12, FAST)).containsExactly("dec", 2);
    assertThat(toy.decode(0x12, SLOW)).containsExactly("dec", 2);
    assertThat(toy.disassemble(0, 0x12, SLOW, false)).isEqualTo("slowdec c");
    assertThat(toy.disassemble(0, 0x12, SLOW, true)).isEqualTo("dec     c");
    assertThat(toy.decode(0x12, 0)).isEmpty();
  }

  @Test
  void asksTheGuardFirst() {
    assertThat(toy.decode(0b11000_010, FAST | WIDE)).containsExactly("open", "broad", 2);
    toy.forbid();
    assertThat(toy.decode(0b11000_010, FAST | WIDE)).containsExactly("open");
    assertThat(toy.decode(0b00001_010, FAST | WIDE)).containsExactly("inc", 2);
    assertThat(toy.decode(0b11000_010, FAST)).isEmpty();
  }

  @Test
  void takesTheFirstOfAGroup() {
    assertThat(toy.decode(0b01_001_001, FAST)).containsExactly("swapSelf", 1, 1);
    assertThat(toy.decode(0b01_010_001, FAST)).containsExactly("swapLow", 1, 2);
    assertThat(toy.decode(0b01_001_010, FAST)).containsExactly("swapHigh", 2, 1);
    assertThat(toy.decode(0b01_110_111, FAST)).containsExactly("swapLow", 6, 7);
    assertThat(toy.disassemble(0, 0b01_110_111, FAST, false)).isEqualTo("swap.rest");
  }

  @Test
  void scattersAndGathers() {
    // Bit 8, then 7, then 15:12: 1 0 0011, signed and times four.
    long insn = 0b0011_1111_0_0000001;
    int value = (0b10_0011 - 64) * 4;
    assertThat(toy.decode(insn, FAST)).containsExactly("mix", value);
    assertThat(toy.encode("mix", value)).isEqualTo(insn);
    assertThat(toy.decode(0b0000_1110_0_0000001, FAST)).as("mixed is 0").isEmpty();
    assertThat(toy.decode(0b00000_010_00000010, FAST)).containsExactly("top", 10);
  }

  @Test
  void passesConstants() {
    assertThat(toy.decode(3, FAST)).containsExactly("seven", 7);
    assertThat(toy.decode(0x2a_29, FAST)).containsExactly("seven", 0x2a);
    assertThat(toy.decode(0x2a, FAST)).containsExactly("seven", 8);
    assertThat(toy.decode(0x2b, FAST)).containsExactly("seven", 7);
    assertThat(toy.decode(0b00111_100, FAST)).containsExactly("ld8", 4, 0);
    assertThat(toy.encode("seven")).isEqualTo(3);
  }

  @Test
  void survivesJavaKeywords() {
    assertThat(toy.decode(0xff, FAST)).containsExactly("final_");
    assertThat(toy.encode("for_")).isEqualTo(0xfe);
  }

  @Test
  void shows() {
    assertThat(toy.disassemble(0, 0, FAST, false)).isEqualTo("nop");
    assertThat(toy.disassemble(0x100, 0xfe_30, FAST, false)).isEqualTo("jmp     0xfe");
    assertThat(toy.disassemble(0, 0xfe_30, FAST, false)).isEqualTo("jmp     0xfffffffffffffffe");
    assertThat(toy.disassemble(0, 0xfe_30, SLOW, false)).isEqualTo("jmp     0xfffe");
    assertThat(toy.disassemble(0, 0xf1_31, FAST, false)).isEqualTo("jne");
    assertThat(toy.disassemble(0, 0x05_31, FAST, false)).isEqualTo("jf2x");
    assertThat(toy.disassemble(0, 0x09_31, FAST, false)).isEqualTo("j?");
    assertThat(toy.disassemble(0, 0x04, FAST, false)).isEqualTo(".1byte  0x4");
  }

  @Test
  void showsAliasesOnlyIfAsked() {
    assertThat(toy.disassemble(0, 0x00_19, FAST, true)).isEqualTo("clr     b");
    assertThat(toy.disassemble(0, 0x00_19, SLOW, true)).isEqualTo("slowclr b");
    assertThat(toy.disassemble(0, 0x00_19, FAST, false)).isEqualTo("ld8");
    assertThat(toy.disassemble(0, 0xff_19, FAST, true)).isEqualTo("ldn     b,-1");
    assertThat(toy.disassemble(0, 0b00111_100, FAST, true)).isEqualTo("clr     e");
  }

  @Test
  void refusesWhatCannotBeEncoded() {
    assertThatThrownBy(() -> toy.encode("ld8", 8, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("ld8: r 8 is out of range 0..7");
    assertThatThrownBy(() -> toy.encode("ld8", 0, -129))
        .hasMessage("ld8: imm -129 is out of range -128..127");
    assertThatThrownBy(() -> toy.encode("mix", 6)).hasMessage("mix: mixed 6 is no multiple of 4");
    assertThatThrownBy(() -> toy.encode("mix", 0))
        .hasMessage("mix: its operands must satisfy mixed!=0");
    assertThatThrownBy(() -> toy.encode("top", 7)).hasMessage("top: q 7 is out of range 8..15");
    assertThatThrownBy(() -> toy.encode("ld48", 1L << 48))
        .hasMessage("ld48: imm 281474976710656 is out of range 0..281474976710655");
    assertThatThrownBy(() -> toy.encode("swapLow", 3, 2))
        .hasMessage("swap.low: its operands must satisfy r<s");
  }

  @Test
  void decodesWhatItEncodes() {
    long seed = 7;
    var random = new Random(seed);
    for (Pattern p : toy.isa().patterns()) {
      long features = p.name().equals("dec.s") ? SLOW : FAST | WIDE;
      for (int i = 0; i < 300; i++) {
        long insn = toy.random(random, features, p.index());
        assertThat(toy.match(insn, features))
            .as("%s, seed %d", p.name(), seed)
            .isEqualTo(p.index());
        Object[] operands = p.fields().stream().map(f -> number(f.field(), insn)).toArray();
        long again = toy.encode(p.method(), operands);
        assertThat(again | (insn & p.ignored())).as("%s, seed %d", p.name(), seed).isEqualTo(insn);
      }
    }
  }

  private static Object number(Field field, long insn) {
    if (field.wide()) {
      return field.get(insn);
    }
    return (int) field.get(insn);
  }

  @Test
  void matchesLikeAPlainSearch() {
    long seed = 11;
    var random = new Random(seed);
    for (int i = 0; i < 20_000; i++) {
      long insn = random.nextLong() & (random.nextBoolean() ? 0xffff_ffff_ffff_ff3fL : -1L);
      long features = 1L << random.nextInt(3);
      int expected =
          toy.isa().patterns().stream()
              .filter(p -> p.matches(insn, features))
              .mapToInt(Pattern::index)
              .findFirst()
              .orElse(-1);
      assertThat(toy.match(insn, features)).as("%x, seed %d", insn, seed).isEqualTo(expected);
    }
  }

  @Test
  void listsFeatures() {
    assertThat(toy.call("Features", "bit", "slow")).isEqualTo(SLOW);
    assertThat(toy.call("Features", "bit", "none")).isEqualTo(0L);
    assertThat(toy.call("Features", "toString", FAST | SLOW)).isEqualTo("fast slow");
    int dec =
        toy.isa().patterns().stream()
            .filter(p -> p.name().equals("dec"))
            .findFirst()
            .orElseThrow()
            .index();
    assertThat(toy.call("Patterns", "available", dec, SLOW)).isEqualTo(false);
    assertThat(toy.call("Patterns", "available", dec, FAST)).isEqualTo(true);
  }
}
