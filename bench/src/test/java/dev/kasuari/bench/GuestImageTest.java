package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class GuestImageTest {
  private static byte[] file(String text) {
    return text.getBytes(StandardCharsets.US_ASCII);
  }

  @Test
  void parametersFollowTheMark() {
    byte[] elf = file("xKasuariBenchWork" + "-".repeat(24) + "y");
    byte[] patched = new GuestImage(elf).with(0x1122334455667788L, true, 2);
    ByteBuffer read = ByteBuffer.wrap(patched).order(ByteOrder.LITTLE_ENDIAN);
    assertThat(read.getLong(17)).isEqualTo(0x1122334455667788L);
    assertThat(read.getLong(25)).isEqualTo(1);
    assertThat(read.getLong(33)).isEqualTo(2);
    assertThat(patched[41]).isEqualTo((byte) 'y');
    assertThat(elf).isEqualTo(file("xKasuariBenchWork" + "-".repeat(24) + "y"));
  }

  @Test
  void theMarkIsThereOnce() {
    assertThatThrownBy(() -> new GuestImage(file("KasuariBenchWor")))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new GuestImage(file("KasuariBenchWork".repeat(2))))
        .isInstanceOf(IllegalArgumentException.class);
  }
}
