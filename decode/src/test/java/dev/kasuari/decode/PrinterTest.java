package dev.kasuari.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * What a disassembler makes of several operands at once, of methods, and of bits without meaning.
 */
@Tag("fast")
class PrinterTest {
  private static final String SHOWN =
      """
      isa Shown
      package shown
      unit 16
      unknown "undefined 0x%04x"

      printer reg   table 0..6=w#0 7=wzr 8..14=x#0 15=xzr
      printer lanes call Lanes.text
      printer page  rel &-16
      printer step  table "0= (none)" "1=, #1" else hex
      field wide 15
      field kind 14:13 +1
      field r    2:0
      field s    5:3
      field imm  7:0 signed
      field odd  4:3 ^2 <<1 +1

      ld.two   wide r s     . 00 0000000 ... ...  "{stem} {wide,r:reg}, {wide,s:reg}"
      ld.kind  kind r s     0 .. 0000001 ... ...  "{name} {r,kind,s:lanes} {kind,r:dec}"
      ld.page  imm          0 00 00100 ........   "ld {imm:page}{imm:step}"
      two.w    r s          0 00 0000010 ... ...  -> ld.two wide=0 "{stem} {s:dec}"
      two.s    r s          0 00 0000011 ... ...  => ld.two wide=1 "{stem} {s:dec}"
      flip     odd r        0 00 0000101 0.. ...  "{stem} {odd}"
      ld       r            0 00 0000100 +-+ ...  "{stem} {r}"
      """;

  @TempDir static Path directory;
  private static CompiledIsa shown;

  @BeforeAll
  static void compile() throws IOException {
    String lanes =
        """
        package shown;

        final class Lanes {
          private Lanes() {}

          static String text(long a, long b, long c) {
            return a + "/" + b + "/" + c;
          }
        }
        """;
    shown = new CompiledIsa(Parser.parse("shown", SHOWN), directory, Map.of("Lanes", lanes));
  }

  @AfterAll
  static void close() throws IOException {
    shown.close();
  }

  private static String show(int pc, int insn) {
    return shown.disassemble(pc, insn, 0, true);
  }

  @Test
  void joinsOperandsToOneNumber() {
    assertThat(show(0, 0b0_00_0000000_001_111)).isEqualTo("ld      wzr, w1");
    assertThat(show(0, 0b1_00_0000000_001_111)).isEqualTo("ld      xzr, x1");
  }

  @Test
  void givesEachOperandAsManyBitsAsItsGreatestValueNeeds() {
    assertThat(show(0, 0b0_11_0000001_001_111)).endsWith(" " + (4 << 3 | 7));
    assertThat(show(0, 0b0_00_0000001_001_000)).endsWith(" " + (1 << 3));
  }

  @Test
  void callsMethods() {
    assertThat(show(0, 0b0_10_0000001_001_111)).startsWith("ld.kind 7/3/1");
  }

  @Test
  void countsFromAnAlignedAddress() {
    assertThat(show(0x107, 0b0_00_00100_0001_0000)).isEqualTo("ld      0x1100x10");
    assertThat(show(0x107, 0b0_00_00100_0000_0000)).isEqualTo("ld      0x100 (none)");
    assertThat(show(0x107, 0b0_00_00100_0000_0001)).isEqualTo("ld      0x101, #1");
  }

  @Test
  void showsAnotherEncodingAsItselfOrAsItsTarget() {
    int same = 0b0_00_0000010_001_010;
    assertThat(shown.decode(same, 0)).containsExactly("ldTwo", 0, 2, 1);
    assertThat(show(0, same)).isEqualTo("two     1");
    int target = 0b0_00_0000011_001_010;
    assertThat(shown.decode(target, 0)).containsExactly("ldTwo", 1, 2, 1);
    assertThat(show(0, target)).isEqualTo("ld      x2, x1");
    assertThat(shown.disassemble(0, target, 0, false)).isEqualTo("two     1");
  }

  @Test
  void showsWhatIsNoInstructionAsTheSetWants() {
    assertThat(show(0, 0x00ffff)).isEqualTo("undefined 0xffff");
  }

  @Test
  void invertsBits() {
    assertThat(shown.decode(0b0_00_0000101_000_110, 0)).containsExactly("flip", 5, 6);
    assertThat(shown.decode(0b0_00_0000101_011_110, 0)).containsExactly("flip", 3, 6);
    assertThat(shown.encode("flip", 5, 6)).isEqualTo(0b0_00_0000101_000_110);
    assertThat(shown.encode("flip", 1, 6)).isEqualTo(0b0_00_0000101_010_110);
    assertThatThrownBy(() -> parse("field bad 2:1 signed ^1"))
        .hasMessageEndingWith("field bad: want ^ with bits that it has, not signed");
  }

  @Test
  void encodesIgnoredBitsAsTheManualWants() {
    assertThat(shown.encode("ld", 6)).isEqualTo(0b0_00_0000100_101_110);
    assertThat(show(0, 0b0_00_0000100_010_110)).isEqualTo("ld      6");
  }

  @Test
  void refusesPrintersThatDoNotFit() {
    assertThatThrownBy(() -> parse("ld2 r s 0000000111 ... ... \"{r,s}\""))
        .hasMessageEndingWith("{r,s} has several operands and no printer: want {a,b:PRINTER}");
    assertThatThrownBy(() -> parse("ld2 imm r=3 1111 1111 ........ \"{imm,imm:dec}\""))
        .hasMessageEndingWith("{imm,imm:dec}: imm may be negative and cannot be joined");
    assertThatThrownBy(() -> parse("printer lost call text"))
        .hasMessageEndingWith("want printer lost call CLASS.METHOD");
    assertThatThrownBy(() ->
            Generated.sources(Parser.parse("t", SHOWN + "x r 1111111111111 ... \"{r:lanes}\"\n")))
        .hasMessage("t:24: printer lanes has 1 operands here, 3 elsewhere");
  }

  private static void parse(String line) {
    Parser.parse("t", SHOWN + line + "\n");
  }
}
