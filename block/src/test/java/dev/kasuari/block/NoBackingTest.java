package dev.kasuari.block;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.block.testing.TestImages;
import dev.kasuari.qapi.OptionSource;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What an image names as its backing file is said, and is opened only if the user lets it. */
@Tag("fast")
class NoBackingTest {
  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(strings = {"qcow2", "qed", "qcow"})
  void theUserCanForbidIt(String format) throws IOException {
    Path image = folder.resolve("image");
    TestImages.create(format, image, 1 << 20, "backing_file=/none/secret,backing_fmt=raw");
    String named = "driver=" + format + ",file.driver=file,file.filename=" + image;
    assertThatThrownBy(() -> new BlockGraph().open(OptionSource.of("", named, ""), Access.read()))
        .hasMessageContaining("Could not open backing file");
    for (BlockNode node :
        new BlockNode[] {
          new BlockGraph().open(OptionSource.of("", named + ",backing=", ""), Access.read()),
          new BlockGraph()
              .openFile(
                  "",
                  "json:{\"driver\":\"%s\",\"backing\":null,\"file.filename\":\"%s\"}"
                      .formatted(format, image),
                  null,
                  Access.read()),
          new BlockGraph().openFile("", image.toString(), format, Access.read().withBacking(false))
        }) {
      assertThat(node.child("backing")).isNull();
      assertThat(((ImageNode) node).facts().backingFile()).isEqualTo("/none/secret");
      assertThat(TestImages.read(node, 0, 512)).containsOnly(0);
    }
  }
}
