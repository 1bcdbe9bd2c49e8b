package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The devicetree compiler and QEMU read and write the same blobs. */
@Tag("guest")
final class FdtPeersTest {
  @TempDir Path directory;

  private String run(String aptPackage, String... command)
      throws IOException, InterruptedException {
    Process process;
    try {
      process = new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    } catch (IOException e) {
      throw new AssertionError(command[0] + " is not installed: apt-get install " + aptPackage, e);
    }
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(String.join(" ", command)).isZero();
    return out;
  }

  private String decompiled(byte[] blob) throws IOException, InterruptedException {
    Path file = Files.write(directory.resolve("in.dtb"), blob);
    return run("device-tree-compiler", "dtc", "-q", "-I", "dtb", "-O", "dts", file.toString());
  }

  private Fdt compiled(String source) throws Exception {
    Path in = Files.writeString(directory.resolve("in.dts"), source);
    Path out = directory.resolve("out.dtb");
    String[] command = {"dtc", "-q", "-f", "-I", "dts", "-O", "dtb", "-o", out.toString()};
    String[] whole = Arrays.copyOf(command, command.length + 1);
    whole[command.length] = in.toString();
    run("device-tree-compiler", whole);
    return Fdt.read("out.dtb", Files.readAllBytes(out));
  }

  @Test
  void theCompilerReadsOurBlobsAndSource() throws Exception {
    Fdt ours = FdtTest.machine();
    assertThat(compiled(decompiled(ours.write())).toDts()).isEqualTo(ours.toDts());
    assertThat(compiled(ours.toDts()).toDts()).isEqualTo(ours.toDts());
  }

  @Test
  void randomTreesGoThroughTheCompiler() throws Exception {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    for (int i = 0; i < 30; i++) {
      FdtNode root = FdtNode.root();
      FdtTest.grow(root, new SplittableRandom(seed + i), 0);
      Fdt ours = new Fdt(root);
      assertThat(compiled(decompiled(ours.write())).write())
          .as("seed %d", seed + i)
          .isEqualTo(compiled(ours.toDts()).write());
      assertThat(compiled(ours.toDts()).toDts()).as("seed %d", seed + i).isEqualTo(ours.toDts());
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 4, 8})
  void qemusTreeIsReadAndWrittenWithoutLoss(int processors) throws Exception {
    Path file = directory.resolve("virt.dtb");
    String machine = "virt,dumpdtb=" + file;
    String smp = Integer.toString(processors);
    run("qemu-system-misc", "qemu-system-riscv64", "-M", machine, "-smp", smp, "-display", "none");
    byte[] blob = Files.readAllBytes(file);
    Fdt theirs = Fdt.read("virt.dtb", blob);
    assertThat(theirs.root().find("/cpus/cpu@" + (processors - 1))).isNotNull();
    assertThat(compiled(theirs.toDts()).toDts()).isEqualTo(theirs.toDts());
    assertThat(compiled(decompiled(blob)).toDts()).isEqualTo(theirs.toDts());
    assertThat(decompiled(theirs.write())).isEqualTo(decompiled(blob));
  }
}
