package dev.kasuari.img;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.img.io.IoTool;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * SIGKILL ends the tools at some instant after they have begun to change a file: images open, QEMU
 * finds nothing but leaks in them, disks read as before or as they were to be, what was flushed is
 * there, and the same command, given again, does what it should. {@code -Dkasuari.block.seeds=N}
 * kills more often.
 */
@Tag("guest")
@Timeout(value = 120, unit = TimeUnit.SECONDS, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class KilledToolTest {
  private static final int KILLED = 128 + 9;
  private static final int SIZE = 8 << 20;
  private static final int UNIT = 4096;

  @TempDir Path folder;
  private Random random = new Random();

  private interface Work {
    void run() throws Exception;
  }

  @TestFactory
  Stream<DynamicTest> nothingIsLost() {
    List<Work> all =
        List.of(
            this::convert,
            this::commit,
            this::rebase,
            this::snapshot,
            this::writes,
            this::commitVhdx);
    List<String> names = List.of("convert", "commit", "rebase", "snapshot", "io", "commit vhdx");
    int first = Integer.getInteger("kasuari.block.seed", 0);
    int seeds = Integer.getInteger("kasuari.block.seeds", all.size());
    return IntStream.range(first, first + seeds)
        .mapToObj(seed ->
            DynamicTest.dynamicTest(
                names.get(seed % all.size()) + ", seed " + seed,
                () -> {
                  random = new Random(seed);
                  all.get(seed % all.size()).run();
                }));
  }

  private void convert() throws Exception {
    byte[] disk = content(0.7);
    Path source = image("source", disk, "");
    byte[] bytes = Files.readAllBytes(source);
    Path target = folder.resolve("target");
    Files.deleteIfExists(target);
    var words = new ArrayList<>(List.of("convert", "-f", "qcow2", "-O", "qcow2"));
    switch (random.nextInt(3)) {
      case 0 -> words.add("-c");
      case 1 -> words.addAll(List.of("-W", "-m", "4"));
      default -> words.addAll(List.of("-o", "cluster_size=4096", "-t", "writeback"));
    }
    words.addAll(List.of(source.toString(), target.toString()));
    killed(target, words);
    assertThat(Files.readAllBytes(source)).isEqualTo(bytes);
    if (isImage(target)) {
      SurvivingImage.examine(target, "qcow2");
    }
    again(words);
    assertThat(disk(target)).isEqualTo(disk);
  }

  /** The overlay has all that it had until the base has it. */
  private void commit() throws Exception {
    byte[] old = content(0.5);
    Path base = image("base", old, "cluster_size=4096");
    byte[] disk = old.clone();
    Path top = overlay(base, disk);
    List<String> words = List.of("commit", "-f", "qcow2", top.toString());
    killed(base, words);
    SurvivingImage.examine(base, "qcow2");
    SurvivingImage.examine(top, "qcow2");
    assertThat(disk(top)).isEqualTo(disk);
    again(words);
    assertThat(disk(base)).isEqualTo(disk);
    assertThat(disk(top)).isEqualTo(disk);
  }

  /** The same where the overlay names the base by what that has. */
  private void commitVhdx() throws Exception {
    Path raw = Files.write(folder.resolve("raw"), content(0.5));
    Path base = folder.resolve("base.vhdx");
    peer("convert", "-f", "raw", "-O", "vhdx", "" + raw, "" + base);
    Path top = folder.resolve("top.vhdx");
    Files.deleteIfExists(top);
    again(List.of("create", "-q", "-f", "vhdx", "-b", "" + base, "-F", "vhdx", "" + top));
    byte[] disk = content(0.5);
    Files.write(raw, disk);
    again(List.of("convert", "-n", "-f", "raw", "-O", "vhdx", "" + raw, "" + top));
    List<String> words = List.of("commit", "-f", "vhdx", "" + top);
    killed(base, words);
    for (Path image : List.of(base, top)) {
      again(List.of("check", "-q", "-r", "all", "-f", "vhdx", "" + image)); // reads the log
    }
    again(List.of("compare", "-f", "raw", "-F", "vhdx", "" + raw, "" + top));
    again(words);
    assertThat(disk(base, "vhdx")).isEqualTo(disk);
    again(List.of("compare", "-f", "raw", "-F", "vhdx", "" + raw, "" + top));
  }

  private void rebase() throws Exception {
    byte[] disk = content(0.5);
    Path one = image("one", disk, "");
    byte[] otherDisk = content(0.5);
    Path other = image("other", otherDisk, "");
    Path top = overlay(one, disk);
    List<String> words =
        List.of("rebase", "-f", "qcow2", "-F", "qcow2", "-b", other.toString(), top.toString());
    killed(top, words);
    SurvivingImage.examine(top, "qcow2");
    assertThat(disk(top)).isEqualTo(disk);
    again(words);
    SurvivingImage.examine(top, "qcow2");
    assertThat(disk(top)).isEqualTo(disk);
    assertThat(disk(other)).isEqualTo(otherDisk);
  }

  private void snapshot() throws Exception {
    byte[] disk = content(0.9);
    Path image = image("image", disk, "cluster_size=512");
    byte[] then = disk;
    for (String step : List.of("-c", "-a", "-d")) {
      if (!step.equals("-c")) {
        disk = disk.clone();
        change(image, disk);
      }
      killed(image, List.of("snapshot", step, "s", image.toString()));
      SurvivingImage.examine(image, "qcow2");
      byte[] now = disk(image);
      if (!step.equals("-a") || !Arrays.equals(now, then)) {
        assertThat(Arrays.equals(now, disk)).as("after " + step).isTrue();
      }
      disk = now;
      if (step.equals("-c") && !peer("snapshot", "-l", "" + image).contains("s ")) {
        again(List.of("snapshot", "-c", "s", image.toString()));
      }
    }
  }

  /** What was written before a flush that has ended is there. */
  private void writes() throws Exception {
    String format = List.of("qcow2", "vmdk", "vdi", "qed", "vhdx").get(random.nextInt(5));
    Path image = folder.resolve("written." + format);
    peer("create", "-q", "-f", format, "" + image, "" + SIZE);
    byte[] flushed = new byte[SIZE / UNIT];
    var later = new ArrayList<byte[]>(List.of(flushed.clone()));
    Process tool =
        new ProcessBuilder(
                ToolProcess.command(IoTool.class, "-f", format, "-t", "writeback", "" + image))
            .redirectError(folder.resolve("err").toFile())
            .start();
    Thread killer =
        Thread.ofPlatform()
            .unstarted(() -> {
              LockSupport.parkNanos(random.nextInt(400_000_000));
              tool.destroyForcibly();
            });
    try (var in = new PrintStream(tool.getOutputStream(), true, StandardCharsets.UTF_8);
        BufferedReader out = tool.inputReader()) {
      byte[] now = flushed.clone();
      Random which = new Random(random.nextLong());
      for (boolean alive = true; alive; ) {
        for (int i = 0; i < 5; i++) {
          int count = 1 + which.nextInt(40);
          int at = which.nextInt(now.length - count);
          int value = which.nextInt(256);
          in.printf("write -q -P %d %d %d%n", value, at * UNIT, count * UNIT);
          Arrays.fill(now, at, at + count, (byte) value);
          later.add(now.clone());
        }
        in.printf("flush%nlength%n");
        alive = answered(out, "8 MiB");
        if (alive) {
          flushed = now.clone();
          later.clear();
          later.add(flushed);
          if (killer.getState() == Thread.State.NEW) {
            killer.start();
          }
        }
      }
    }
    assertThat(tool.waitFor()).as(() -> read(folder.resolve("err"))).isEqualTo(KILLED);
    killer.join();
    if (format.equals("vhdx")) {
      peer("check", "-q", "-r", "all", "-f", format, "" + image); // reads the log
    }
    if (!format.equals("vhdx")) {
      SurvivingImage.examine(image, format);
    }
    byte[] disk = disk(image, format);
    for (int i = 0; i < flushed.length; i++) {
      for (int at = i * UNIT; at < (i + 1) * UNIT; at++) {
        int unit = i;
        byte found = disk[at];
        if (later.stream().noneMatch(d -> d[unit] == found)) {
          assertThat(found).as(format + ": byte " + at).isEqualTo(flushed[i]);
        }
      }
    }
  }

  private static boolean answered(BufferedReader out, String wanted) throws IOException {
    try {
      for (String line = out.readLine(); line != null; line = out.readLine()) {
        if (line.contains(wanted)) {
          return true;
        }
      }
    } catch (IOException e) {
      return false; // it has been killed
    }
    return false;
  }

  /** Runs a tool, and kills it some time after it has changed a file. */
  private void killed(Path changes, List<String> words) throws Exception {
    FileTime before = Files.exists(changes) ? Files.getLastModifiedTime(changes) : null;
    Process tool = start(words);
    while (tool.isAlive()
        && (!Files.exists(changes) || Files.getLastModifiedTime(changes).equals(before))) {
      LockSupport.parkNanos(100_000);
    }
    LockSupport.parkNanos(1L << random.nextInt(28)); // up to some 0.1 s
    tool.destroyForcibly();
    int code = tool.waitFor();
    System.out.println(words.getFirst() + (code == KILLED ? " was killed" : " came to its end"));
    assertThat(code).as(() -> read(folder.resolve("log"))).isIn(0, KILLED);
  }

  private void again(List<String> words) throws Exception {
    assertThat(start(words).waitFor()).as(() -> read(folder.resolve("log"))).isZero();
  }

  private Process start(List<String> words) throws IOException {
    return new ProcessBuilder(ToolProcess.command(ImageTool.class, words.toArray(String[]::new)))
        .redirectErrorStream(true)
        .redirectOutput(folder.resolve("log").toFile())
        .start();
  }

  /** A disk of which so much is no zero. */
  private byte[] content(double part) {
    byte[] disk = new byte[SIZE];
    byte[] unit = new byte[UNIT];
    for (int at = 0; at < SIZE; at += UNIT) {
      if (random.nextDouble() < part) {
        random.nextBytes(unit);
        System.arraycopy(unit, 0, disk, at, UNIT);
      }
    }
    return disk;
  }

  private Path image(String name, byte[] disk, String options) throws Exception {
    Path raw = Files.write(folder.resolve("raw"), disk);
    Path path = folder.resolve(name);
    String all = options.isEmpty() ? "compat=1.1" : options;
    peer("convert", "-f", "raw", "-O", "qcow2", "-o", all, "" + raw, "" + path);
    return path;
  }

  private Path overlay(Path base, byte[] disk) throws Exception {
    Path top = folder.resolve("top");
    peer("create", "-q", "-f", "qcow2", "-F", "qcow2", "-b", "" + base, "" + top);
    change(top, disk);
    return top;
  }

  /** Some hundred ranges get other bytes. */
  private void change(Path image, byte[] disk) throws Exception {
    var command = new ArrayList<>(List.of("qemu-io", "-f", "qcow2"));
    for (int i = 0; i < 150; i++) {
      int length = UNIT * (1 + random.nextInt(12));
      int at = random.nextInt((SIZE - length) / UNIT) * UNIT;
      int value = random.nextInt(256);
      Arrays.fill(disk, at, at + length, (byte) value);
      command.addAll(List.of("-c", "write -P " + value + " " + at + " " + length));
    }
    command.add(image.toString());
    run(command, 0);
  }

  private static boolean isImage(Path path) throws IOException {
    byte[] magic = {'Q', 'F', 'I', (byte) 0xfb};
    return Files.exists(path)
        && Files.size(path) > 0
        && Arrays.equals(Arrays.copyOf(Files.readAllBytes(path), 4), magic);
  }

  private byte[] disk(Path image) throws Exception {
    return disk(image, "qcow2");
  }

  private byte[] disk(Path image, String format) throws Exception {
    Path raw = folder.resolve("now");
    peer("convert", "-f", format, "-O", "raw", image.toString(), raw.toString());
    return Files.readAllBytes(raw);
  }

  private String peer(String... words) throws Exception {
    var command = new ArrayList<>(List.of("qemu-img"));
    command.addAll(List.of(words));
    return run(command, 0);
  }

  private String run(List<String> command, Integer... codes) throws Exception {
    Path said = folder.resolve("said");
    int code =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(said.toFile())
            .start()
            .waitFor();
    List<String> words = command.subList(0, Math.min(9, command.size()));
    assertThat(code).as(words + "\n" + read(said)).isIn((Object[]) codes);
    return read(said);
  }

  private static String read(Path path) {
    try {
      return Files.readString(path);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
