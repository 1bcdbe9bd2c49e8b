package dev.kasuari.block.qcow2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.testing.TestImages;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An image that says that the cluster of its header is free does not have it overwritten. */
@Tag("fast")
class LostRefcountsTest {
  private static final int REFCOUNT_TABLE_OFFSET = 48; // qcow2 specification, "Header"
  private static final int CLUSTER = 65536;

  @TempDir Path folder;

  /** The entry of the table that names the first block, or that block's first count. */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void theHeaderIsNotOverwritten(boolean wholeBlock) throws Exception {
    Path path = folder.resolve("image");
    TestImages.create("qcow2", path, 1 << 20, "");
    byte[] image = Files.readAllBytes(path);
    ByteBuffer bytes = ByteBuffer.wrap(image);
    int table = (int) bytes.getLong(REFCOUNT_TABLE_OFFSET);
    if (wholeBlock) {
      bytes.putLong(table, 0);
    } else {
      bytes.putShort((int) bytes.getLong(table), (short) 0);
    }
    Files.write(path, image);
    TestImages.with(
        "qcow2",
        path,
        Access.write(),
        node ->
            assertThatThrownBy(() -> TestImages.write(node, 0, new byte[CLUSTER], 0, CLUSTER))
                .isInstanceOf(BlockException.class)
                .hasMessageContaining("header"));
    byte[] after = Files.readAllBytes(path);
    assertThat(Arrays.copyOf(after, 8)).isEqualTo(Arrays.copyOf(image, 8));
    assertThat(ByteBuffer.wrap(after).getLong(REFCOUNT_TABLE_OFFSET)).isEqualTo(table);
  }
}
