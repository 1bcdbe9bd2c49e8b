package dev.kasuari.block.luks;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockGraph;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.testing.RecordingNode;
import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.nio.ByteBuffer;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A header may ask for any number of iterations. */
@Tag("fast")
@Timeout(60)
class EndlessWorkTest {
  private static final int DIGEST_ITERATIONS = 164;
  private static final int SLOT_ITERATIONS = 212;

  private final BlockGraph graph = new BlockGraph();
  private final byte[] image;

  EndlessWorkTest() {
    graph.secrets().add(OptionSource.of("", "id=s,data=s", ""));
    var file = new RecordingNode(new byte[0]);
    TestImages.create("luks", graph, file, 4096, "key-secret=s,iter-time=1");
    image = file.content();
  }

  private BlockNode open(String options) {
    return graph.open(
        OptionSource.of("", "driver=luks" + options, ""),
        Access.read().withRecovery(options.isEmpty()),
        Map.of("file", new RecordingNode(image)));
  }

  @Test
  void whatTakesHoursIsRefused() {
    assertThat(open(",key-secret=s").size()).isEqualTo(4096);
    ByteBuffer.wrap(image).putInt(SLOT_ITERATIONS, -1);
    assertThatThrownBy(() -> open(",key-secret=s"))
        .isInstanceOf(BlockException.class)
        .hasMessageContaining("iterations of PBKDF2");
    assertThat(open("").size()).isEqualTo(4096); // to look at
  }

  @Test
  void soIsTheDigest() {
    ByteBuffer.wrap(image).putInt(DIGEST_ITERATIONS, 0x7fff_ffff);
    assertThatThrownBy(() -> open(",key-secret=s")).hasMessageContaining("iterations of PBKDF2");
  }
}
