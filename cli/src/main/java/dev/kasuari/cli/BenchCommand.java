package dev.kasuari.cli;

import dev.kasuari.bench.Bench;
import java.util.List;

/** {@code kasuari bench}: how fast it is, beside QEMU. */
final class BenchCommand implements Subcommand {
  @Override
  public String name() {
    return "bench";
  }

  @Override
  public String doc() {
    return "run the same guests in Kasuari and in QEMU, and compare the times";
  }

  @Override
  public int run(List<String> arguments, Streams streams) throws Exception {
    return Bench.run(arguments, streams.out(), streams.err());
  }
}
