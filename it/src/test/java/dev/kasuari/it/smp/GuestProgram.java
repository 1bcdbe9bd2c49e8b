package dev.kasuari.it.smp;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.it.HostTool;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * A guest in C for harts in supervisor mode, of {@code src/test/guest}.
 *
 * @param source the name of its file without {@code .c}
 * @param harts how many harts it runs on
 * @param values what the source leaves open: macros
 */
record GuestProgram(String source, int harts, Map<String, Long> values) {
  private static final String COMPILER = "riscv64-unknown-elf-gcc";

  /** What the compiler takes for granted: the kernels of bench have the same. */
  private static final String MEMORY = "/dev/kasuari/bench/guest/memory.c";

  private static final List<String> FLAGS =
      List.of(
          ("-march=rv64gc_zicsr_zifencei -mabi=lp64d -mcmodel=medany -O2 -std=gnu17 -Wall -Wextra"
                  + " -Werror -ffreestanding -fno-builtin -fno-pic -fno-stack-protector"
                  + " -fno-asynchronous-unwind-tables -fno-tree-loop-distribute-patterns -nostdlib"
                  + " -static -Wl,--build-id=none -Wl,--no-warn-rwx-segments -Wl,-T,link.ld")
              .split(" ", -1));

  GuestProgram {
    values = Map.copyOf(values);
  }

  GuestProgram(String source, int harts) {
    this(source, harts, Map.of("SEED", seed()));
  }

  /** {@code -Dkasuari.smp.seed=}, or another one each time; printed. */
  private static long seed() {
    long seed = Long.getLong("kasuari.smp.seed", System.nanoTime() & 0xffff);
    System.out.println("-Dkasuari.smp.seed=" + seed);
    return seed;
  }

  /** With one more value. */
  GuestProgram with(String name, long value) {
    var more = new TreeMap<>(values);
    more.put(name, value);
    return new GuestProgram(source, harts, more);
  }

  /** What the source finds under a name. */
  long value(String name) {
    return values.getOrDefault(name, 0L);
  }

  /** With so many rounds, times {@code -Dkasuari.smp.times=}. */
  GuestProgram rounds(long count) {
    return with("ROUNDS", count * Long.getLong("kasuari.smp.times", 1));
  }

  /** Compiles it; the ELF file. */
  Path build(Path folder) throws IOException, InterruptedException {
    Path place = Files.createTempDirectory(folder, source);
    for (String file : List.of("link.ld", "start.S", "smp.h", "smp.c", source + ".c", MEMORY)) {
      try (InputStream in = GuestProgram.class.getResourceAsStream(file)) {
        assertThat(in).as(file).isNotNull();
        Files.copy(in, place.resolve(Path.of(file).getFileName()));
      }
    }
    var command = new ArrayList<String>();
    command.add(COMPILER);
    command.addAll(FLAGS);
    command.add("-DHARTS=" + harts);
    values.forEach((name, value) -> command.add("-D" + name + "=" + value));
    command.addAll(
        List.of("-o", "guest.elf", "start.S", "memory.c", "smp.c", source + ".c", "-lgcc"));
    HostTool.run(place, "gcc-riscv64-unknown-elf", command);
    return place.resolve("guest.elf");
  }
}
