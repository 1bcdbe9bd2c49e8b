package dev.kasuari.decode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class PatternErrorTest {
  private static final String HEAD =
      """
      isa Toy
      package toy
      unit 8
      feature old
      feature new
      exclusive old new
      field r 2:0
      field s 5:3
      """;

  /** What follows the head, from line 9 on, and what is said about it. */
  static Stream<Arguments> mistakes() {
    return Stream.of(
        Arguments.of("inc", "t:9: inc has no bits: want 8 or a multiple, of 0 1 . - +"),
        Arguments.of("inc r 0000...", "t:9: inc has 7 bits: want a multiple of 8, at most 64"),
        Arguments.of(
            "inc r 00000000", "t:9: operand r has bits that inc fixes: want . there, or r=NUMBER"),
        Arguments.of(
            "inc r 000.....",
            "t:9: bit 3 of inc is free and belongs to no operand: want 0, 1, or - if it means nothing"),
        Arguments.of("inc q 00000...", "t:9: no field q; want one that a field line declares"),
        Arguments.of("inc x=%q 00000...", "t:9: no field q; want one that a field line declares"),
        Arguments.of("inc @q 00000...", "t:9: no format @q before this line"),
        Arguments.of("inc r [ancient] 00000...", "t:9: no feature ancient; declared are old new"),
        Arguments.of("inc r [old 00000...", "t:9: this condition has no closing ]: [old 00000..."),
        Arguments.of("inc r 00000... \"inc", "t:9: this text has no closing \": \"inc"),
        Arguments.of("inc r 00000... \"inc {s}\"", "t:9: inc has no operand s; it has r"),
        Arguments.of("inc r 00000... \"inc {r\"", "t:9: \"inc {r\" has a { without a }"),
        Arguments.of("inc r r 00000...", "t:9: operand r is given twice"),
        Arguments.of(
            "inc insn=%r 00000...",
            "t:9: operand insn has a name that generated code needs: want another"),
        Arguments.of("inc r!=x 00000...", "t:9: no field x; want one that a field line declares"),
        Arguments.of("inc r!=9x 00000...", "t:9: 9x is no number"),
        Arguments.of("inc r 00000...\ninc r 00001...", "t:10: inc is already declared at t:9"),
        Arguments.of("inc r 00000... => add", "t:9: no pattern add before this line"),
        Arguments.of("add r s 00......\ninc r 01000... => add", "t:10: add needs s: want s=..."),
        Arguments.of(
            "add r s 00......\ninc r 01000... => add s=1 t=2", "t:10: add has no operand t"),
        Arguments.of(
            "add r 00000...\ninc r 01000... => add\ndec r 10000... => inc",
            "t:11: inc is itself another encoding: want what it stands for"),
        Arguments.of("{\ninc r 00000...", "t:9: this group is never closed"),
        Arguments.of("inc r 00000...\n}", "t:10: } closes nothing"),
        Arguments.of("{\ninc r 00000...\n]", "t:11: ] closes nothing"),
        Arguments.of("{ inc", "t:9: { must stand alone on its line"),
        Arguments.of("unit 12", "t:9: a unit of 12 bits; want 8, 16 or 32"),
        Arguments.of("length 4", "t:9: 4 bits; want 8 to 64"),
        Arguments.of("field t", "t:9: field t has no bits: want HIGH:LOW or a bit"),
        Arguments.of("field t 3:0 2", "t:9: field t has a bit twice"),
        Arguments.of("field t 0:3", "t:9: 0:3: want HIGH:LOW with 63 >= HIGH >= LOW"),
        Arguments.of("field t 64", "t:9: 64: want HIGH:LOW with 63 >= HIGH >= LOW"),
        Arguments.of("field t 7:0 <<57", "t:9: field t has values beyond 64 bits"),
        Arguments.of("field r 7:5", "t:9: field r is declared twice"),
        Arguments.of("field t 1 gold", "t:9: no printer gold; declared are dec hex rel"),
        Arguments.of(
            "printer p gold", "t:9: gold: want printer NAME list|table|dec|hex|rel|call ..."),
        Arguments.of(
            "printer p table 1", "t:9: 1: want VALUE=TEXT, VALUE=- or FIRST..LAST=TEXT#NUMBER"),
        Arguments.of(
            "printer p table 1..3=x",
            "t:9: 1..3=x: want TEXT#NUMBER, where the number is that of the first"),
        Arguments.of("printer p hex 3", "t:9: 3: want >>BITS or &MASK"),
        Arguments.of("printer dec hex", "t:9: printer dec is declared twice"),
        Arguments.of("feature old", "t:9: feature old is declared twice"),
        Arguments.of(
            "guard Open old", "t:9: Open is no method's name: want guard METHOD FEATURE..."),
        Arguments.of("guard open gold", "t:9: no feature gold; declared are old new"),
        Arguments.of("guard a old\nguard b old", "t:10: old has the guard a already"),
        Arguments.of("format f r", "t:9: a format's name starts with @: @f"),
        Arguments.of("format @f r\nformat @f s", "t:10: format @f is declared twice"),
        Arguments.of("section Base", "t:9: want section \"NAME\" [FEATURES]"),
        Arguments.of("include \"more\"", "t:9: cannot read more beside this file"),
        Arguments.of("alias inc \"i\"", "t:9: no pattern inc before this line"),
        Arguments.of("inc r 00000...\nalias inc r==1", "t:10: this alias has no \"TEXT\""),
        Arguments.of(
            "inc r 00000...\nalias inc [r==1] \"one\"",
            "t:10: want features alone in an alias's [ ]"),
        Arguments.of(
            "inc r 00000...\nalias inc r=1 \"one\"",
            "t:10: r=1: want OPERAND==NUMBER or another comparison"),
        Arguments.of(
            "Inc r 00000...",
            "t:9: Inc is no instruction name: want lower case letters, digits and dots"),
        Arguments.of("field t 7:3", "t:1: there is no pattern"),
        Arguments.of(
            "inc r 00000...\ndec r 0000....",
            "t:10: bit 3 of dec is free and belongs to no operand: want 0, 1, or - if it means"
                + " nothing"),
        Arguments.of(
            "inc r 00000...\nadd r s 00......",
            "t:10: add overlaps inc at t:9: want other bits, a condition, or both in { } with the"
                + " preferred one first"),
        Arguments.of(
            "length 16\ninc r 00000...",
            "t:10: inc has 8 bits, but the length rule at t:9 says 16"),
        Arguments.of(
            "length 8 7:7==0\ninc r 10000...", "t:10: no length rule knows the first bits of inc"),
        Arguments.of(
            "length 8 0:0==0\ninc r 10000...",
            "t:10: inc leaves open what the length rule at t:9 asks: want bits 0x1 fixed"));
  }

  @ParameterizedTest
  @MethodSource("mistakes")
  void saysWhereAndWhatWouldBeRight(String text, String message) {
    assertThatThrownBy(() -> Checks.check(Parser.parse("t", HEAD + text)))
        .isInstanceOf(PatternException.class)
        .hasMessage(message);
  }

  @Test
  void wantsAUnitAndAName() {
    assertThatThrownBy(() -> Parser.parse("t", "nop 00000000"))
        .hasMessage("t:1: no unit is declared before the first pattern: want unit BITS");
    assertThatThrownBy(() -> Parser.parse("t", "unit 8\nnop 00000000"))
        .hasMessage("t:1: want isa NAME and package JAVA.PACKAGE");
  }

  @Test
  void namesTheIncludedFile(@TempDir Path directory) throws IOException {
    Path outer = Files.writeString(directory.resolve("outer"), HEAD + "include \"inner\"\n");
    Files.writeString(directory.resolve("inner"), "\ninc q 00000...\n");
    assertThatThrownBy(() -> Parser.read(outer))
        .hasMessage("inner:2: no field q; want one that a field line declares");
  }

  @Test
  void reportsAllOverlapsAtOnce() {
    assertThatThrownBy(
            () -> Checks.check(Parser.parse("t", HEAD + "a r 00000...\nb r 00000...\nc 00000001")))
        .hasMessageContaining("t:10: b overlaps a at t:9")
        .hasMessageContaining("t:11: c overlaps a at t:9")
        .hasMessageContaining("t:11: c overlaps b at t:10");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a r!=0 r 00000...\nb 00000000",
        "a r r!=0 00000...\nb r r==0 00000...",
        "a r r<3 00000...\nb r r>=3 00000...",
        "a r [old] 00000...\nb r [new] 00000...",
        "a r [old] 00000...\nb r [!old] 00000...",
        "a r [old|r<3] 00000...\nb r [new] r>=3 00000...",
        "a r s r==s 00......\nb r s r!=s 00......",
        "{\na 00000000\nb r 00000...\n}",
        "{\na 00000000\n[\nb r r!=0 00000...\nd r s s!=0 00......\n]\n}",
      })
  void acceptsWhatCannotMeet(String text) {
    Checks.check(Parser.parse("t", HEAD + text));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a r r!=0 00000...\nb r r!=1 00000...",
        "a r [old] 00000...\nb r 00000...",
        "a r [old|r<3] 00000...\nb r [new] 00000...",
        "{\na 10000000\n[\nb r r!=0 00000...\nd r s 00......\n]\n}",
        "{\na 00000000\n}\n{\nb r 00000...\n}",
        "{\na 00000000\nb r 00000... ........ r!=9\n}\nfield t 15:8",
      })
  void refusesWhatCanMeet(String text) {
    assertThatThrownBy(() -> Checks.check(Parser.parse("t", HEAD + text)))
        .isInstanceOf(PatternException.class);
  }

  @Test
  void countsWhatIsAllocated() {
    var isa = Parser.parse("t", HEAD + "a r 00000...\nb r r!=0 00001...\nc 11111111");
    var coverage = Coverage.of(isa);
    assertThat(coverage.claimed()).containsEntry(8, 16.0 / 256);
    assertThat(coverage.gaps()).contains("01......", "00001000");
  }
}
