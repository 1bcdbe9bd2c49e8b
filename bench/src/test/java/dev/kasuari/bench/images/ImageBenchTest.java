package dev.kasuari.bench.images;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.qapi.OptionException;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

@EnabledOnOs(OS.LINUX)
class ImageBenchTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream printed = new ByteArrayOutputStream();

  private int run(String... words) throws Exception {
    var all = new ArrayList<>(List.of(words));
    all.addAll(List.of("--images", "--folder", folder.toString(), "--size=4M", "--large", "16M"));
    return ImageBench.run(all, new PrintStream(printed, true, StandardCharsets.UTF_8));
  }

  private String text() {
    return printed.toString(StandardCharsets.UTF_8);
  }

  /** A tool that does as qemu-img, but for one thing. */
  private Path script(String name, String body) throws Exception {
    Path script = folder.resolve(name);
    Files.writeString(script, "#!/bin/sh\n" + body + "\nexec qemu-img \"$@\"\n");
    Files.setPosixFilePermissions(script, PosixFilePermissions.fromString("rwx------"));
    return script;
  }

  @Test
  @Tag("guest")
  void aToolBesideItselfDoesEverything() throws Exception {
    assertThat(run("--kasuari", "qemu-img", "--runs=1", "--peer", "same=qemu-img")).isZero();
    Work.all().forEach(w -> assertThat(text()).contains(w.name()));
    assertThat(text().lines().filter(l -> l.contains(" ratio "))).hasSize(Work.all().size());
    try (var left = Files.list(folder)) {
      assertThat(left).isEmpty();
    }
  }

  @Test
  @Tag("guest")
  void aToolThatFailsOrWritesSomethingElseIsNamed() throws Exception {
    Path fails = script("fails", "echo no; exit 3");
    assertThat(run("--kasuari=bad=" + fails, "--only", "info")).isOne();
    assertThat(text()).contains("info: bad failed: no");
    Path empty = script("empty", "[ $1 = convert ] && exec qemu-img create -q \"$5\" 1M");
    assertThat(run("--kasuari=bad=" + empty, "--only", "qcow2-raw")).isOne();
    assertThat(text()).contains("qcow2-raw: what bad wrote");
  }

  @Test
  @Tag("fast")
  void optionsAreRefusedByName() {
    assertThatThrownBy(() -> ImageOptions.parse(List.of("--images", "--run", "3")))
        .isInstanceOf(OptionException.class)
        .hasMessageContaining("--run: no such option");
    assertThatThrownBy(() -> ImageOptions.parse(List.of("--runs", "0")))
        .hasMessageContaining("from 1 to 1000");
    assertThatThrownBy(() -> ImageOptions.parse(List.of("--size", "1000")))
        .hasMessageContaining("whole MiB");
    ImageOptions options = ImageOptions.parse(List.of("--only=compress-*,info", "--peer", "a=/b"));
    assertThat(options.chosen("compress-zstd")).isTrue();
    assertThat(options.chosen("compare")).isFalse();
    assertThat(options.peers).containsExactly(new Tool("a", "/b"));
    assertThat(ImageBench.middle(new double[] {3, 1, 2}, "%.1f")).isEqualTo("2.0 (1.0..3.0)");
  }
}
