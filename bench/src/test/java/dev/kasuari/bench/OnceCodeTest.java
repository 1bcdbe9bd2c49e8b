package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class OnceCodeTest {
  private static final int BYTES = 64 << 10;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void functionsFillTheSpaceAndEndWithAReturn(boolean compressed) {
    ByteBuffer all = generate(Target.RISCV64, compressed);
    int count = all.getInt(0);
    int header = 4 * (count + 1);
    assertThat(all.capacity()).isBetween(header + BYTES, header + BYTES + 1024);
    assertThat(all.getInt(4)).isEqualTo(header);
    for (int i = 2; i <= count; i++) {
      int end = all.getInt(4 * i);
      assertThat(end % 4).isZero();
      assertThat(returnsBefore(all, end)).as("function before %d", end).isTrue();
    }
  }

  /** At {@code jalr zero, 0(ra)} or {@code c.jr ra}, which a {@code c.nop} may follow. */
  private static boolean returnsBefore(ByteBuffer all, int end) {
    return all.getInt(end - 4) == 0x00008067
        || all.getShort(end - 2) == (short) 0x8082
        || all.getShort(end - 4) == (short) 0x8082;
  }

  @Test
  void formsAreAsAsked() {
    assertThat(parts(false, true)).isZero();
    int two = parts(true, true);
    int four = parts(true, false);
    assertThat(two).isBetween(four * 3 / 4, four * 2);
  }

  /** How many instructions have two bytes, or four. */
  private static int parts(boolean compressed, boolean two) {
    ByteBuffer all = generate(Target.RISCV64, compressed);
    int found = 0;
    for (int at = all.getInt(4); at < all.capacity(); ) {
      boolean isTwo = (all.getShort(at) & 3) != 3;
      found += isTwo == two ? 1 : 0;
      at += isTwo ? 2 : 4;
    }
    return found;
  }

  @Test
  void alwaysTheSame() {
    for (Target target : Target.values()) {
      assertThat(generate(target, true)).isEqualTo(generate(target, true));
    }
  }

  @Test
  void functionsOfA64EndWithAReturnToo() {
    ByteBuffer all = generate(Target.AARCH64, false);
    int count = all.getInt(0);
    assertThat(all.getInt(4)).isEqualTo(4 * (count + 1));
    for (int i = 2; i <= count; i++) {
      assertThat(all.getInt(all.getInt(4 * i) - 4)).isEqualTo(0xd65f03c0);
    }
  }

  private static ByteBuffer generate(Target target, boolean compressed) {
    return ByteBuffer.wrap(OnceCode.generate(target, compressed, BYTES))
        .order(ByteOrder.LITTLE_ENDIAN);
  }
}
