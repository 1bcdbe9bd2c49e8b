package dev.kasuari.qapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class JsonTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "null",
        "true",
        "-12",
        "0",
        "18446744073709551615",
        "1.5E+100",
        "\"a\\\"b\\\\c\\nd\\u0001e\"",
        "[]",
        "{}",
        "[1, [2, {\"x\": null}], \"\"]",
        "{\"execute\": \"query-status\", \"arguments\": {\"a\": [true, false]}}"
      })
  void whatIsReadIsWrittenAgain(String text) {
    assertThat(Json.parse(text)).hasToString(text);
  }

  @Test
  void escapesAreUnderstoodAndHalvesOfPairsSurvive() {
    Json value = Json.parse("\"\\u00e4\\ud83d\\ude00\\/\\ud800\"");
    assertThat(value).isEqualTo(new Json.Text("ä😀/\ud800"));
    assertThat(Json.parse(value.toString())).isEqualTo(value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      quoteCharacter = '`',
      value = {
        "{'a':1}; expected a member's name",
        "[1,]; expected a value, not ']' (line 1, column 4)",
        "{\"a\":1,}; expected a member's name",
        "{\"a\":1,\"a\":2}; 'a' is given twice",
        "[1 2]; expected ',' or ']'",
        "01; expected the end",
        "1.; expected a digit",
        "-; expected a digit",
        "nul; expected a value",
        "\"\\x\"; expected an escape",
        "\"\\u12\"; expected four hexadecimal digits",
        "\"open; expected '\"'",
        "true false; expected the end",
        "[; expected a value, not the end",
        "1e99999999999; out of range",
      })
  void whatIsNotJsonIsRefusedWithItsPlace(String text, String complaint) {
    assertThatThrownBy(() -> Json.parse(text.strip()))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining(complaint.strip());
  }

  @Test
  void emptyTextDeepNestingAndHugeNumbersAreRefused() {
    assertThatThrownBy(() -> Json.parse("")).hasMessageContaining("not the end");
    assertThatThrownBy(() -> Json.parse("[".repeat(100_000))).hasMessageContaining("512 levels");
    assertThatThrownBy(() -> Json.parse("1".repeat(1000))).hasMessageContaining("1000 digits");
    assertThatThrownBy(() -> Json.parse("\n\n [x")).hasMessageContaining("(line 3, column 3)");
  }
}
