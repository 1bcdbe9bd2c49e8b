package dev.kasuari.bench;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.bench.Benchmark.Kernel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;

/** Every kernel is compiled and ends well in QEMU. */
@Tag("guest")
class KernelsTest {
  private static final Duration LONG = Duration.ofMinutes(2);

  @TempDir Path directory;

  @TestFactory
  Stream<DynamicTest> kernels() {
    return Stream.of(Target.values())
        .flatMap(target ->
            new Suite(target)
                .all().stream()
                    .filter(Kernel.class::isInstance)
                    .map(Kernel.class::cast)
                    .map(k -> named(target, k)));
  }

  private DynamicTest named(Target target, Kernel kernel) {
    return DynamicTest.dynamicTest(target.label + " " + kernel.name(), () -> runs(target, kernel));
  }

  private void runs(Target target, Kernel kernel) throws Exception {
    try (var execution = new Execution()) {
      Emulator qemu = Emulator.of("--peer", target.program("qemu"), List.of(), execution);
      var builder = new GuestBuilder(directory, Toolchain.find(target, execution), execution);
      Path elf = directory.resolve("guest.elf");
      Files.write(elf, builder.build(kernel).with(2, kernel.paging(), kernel.cpus()));
      var command =
          Stream.concat(qemu.command().stream(), Runner.machine(target, kernel, elf).stream());
      Outcome outcome = execution.run(command.toList(), LONG, null);
      assertThat(Sample.ofKernel(outcome)).as(outcome.output()).isNotNull();
    }
  }
}
