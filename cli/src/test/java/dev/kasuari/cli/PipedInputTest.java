package dev.kasuari.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.demo.DemoKernel;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

@Tag("fast")
class PipedInputTest {
  @TempDir private Path folder;

  @Test
  void theGuestGetsAllThatWasInThePipeBeforeItStarted() throws Exception {
    Path kernel = Files.write(folder.resolve("kernel"), DemoKernel.image());
    try (var running = ChildKasuari.start("-kernel", kernel.toString(), "-m", "64M")) {
      running.type("poweroff\n");
      assertThat(running.exit()).isZero();
      assertThat(running.screen()).contains("> poweroff").doesNotContain("no such command");
    }
  }
}
