package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class JsonTest {
  @Test
  void values() {
    assertThat(Json.write(null)).isEqualTo("null\n");
    assertThat(Json.write(true)).isEqualTo("true\n");
    assertThat(Json.write(12L)).isEqualTo("12\n");
    assertThat(Json.write(0.25)).isEqualTo("0.25\n");
    assertThat(Json.write(Double.NaN)).isEqualTo("null\n");
    assertThat(Json.write("a\"b\\c\n\u0001")).isEqualTo("\"a\\\"b\\\\c\\n\\u0001\"\n");
    assertThat(Json.write(Arrays.asList(1, "x", null))).isEqualTo("[1, \"x\", null]\n");
    assertThat(Json.write(List.of())).isEqualTo("[]\n");
    assertThat(Json.write(Map.of())).isEqualTo("{}\n");
  }

  @Test
  void nested() {
    var map = new LinkedHashMap<String, Object>();
    map.put("a", List.of(Map.of("b", 1)));
    map.put("c", 2);
    assertThat(Json.write(map))
        .isEqualTo(
            """
            {
              "a": [
                {
                  "b": 1
                }
              ],
              "c": 2
            }
            """);
  }
}
