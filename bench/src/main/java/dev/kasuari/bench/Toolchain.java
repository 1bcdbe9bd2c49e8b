package dev.kasuari.bench;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * A C compiler for a target.
 *
 * @param target what it makes programs for
 * @param compiler the program
 * @param version the first line of what it says of itself
 */
record Toolchain(Target target, Path compiler, String version) {
  private static final Duration PATIENCE = Duration.ofMinutes(2);
  private static final List<String> FLAGS =
      List.of(
          ("-O2 -std=gnu17 -Wall -Wextra"
                  + " -Werror -ffreestanding -fno-builtin -fno-pic -fno-stack-protector"
                  + " -fno-asynchronous-unwind-tables -ffp-contract=off"
                  + " -fno-tree-loop-distribute-patterns -nostdlib -static -Wl,--build-id=none")
              .split(" "));

  /**
   * The first that is on {@code PATH}.
   *
   * @throws BenchException if there is none
   */
  static Toolchain find(Target target, Execution execution) {
    for (String name : target.compilers()) {
      Path found = Programs.find(name);
      if (found != null) {
        Outcome outcome = execution.run(List.of(found.toString(), "--version"), PATIENCE, null);
        return new Toolchain(
            target, found, outcome.output().lines().findFirst().orElse("").strip());
      }
    }
    throw new BenchException(
        "no C compiler for %s found; Debian has one in %s"
            .formatted(target.label, target.compilerPackages));
  }

  /** What {@link #build} does, for the name of what it makes. */
  String key() {
    return version + FLAGS + target.flags();
  }

  /**
   * Compiles and links.
   *
   * @param sources the directory, with all that belongs to the kernel
   * @throws BenchException if the compiler complains
   */
  void build(Path sources, String source, List<String> flags, Path elf, Execution execution) {
    var command = new ArrayList<String>();
    command.add(compiler.toString());
    command.addAll(FLAGS);
    command.addAll(target.flags());
    command.add("-Wl,-T," + sources.resolve("link.ld"));
    command.addAll(flags);
    for (String file : List.of("start.S", "machine.c", "memory.c", "run.c", source + ".c")) {
      command.add(sources.resolve(file).toString());
    }
    command.addAll(List.of("-o", elf.toString()));
    Outcome outcome = execution.run(command, PATIENCE, null);
    if (!outcome.succeeded()) {
      throw new BenchException(
          source + ".c cannot be compiled: " + outcome.complaint() + "\n" + outcome.output());
    }
  }
}
