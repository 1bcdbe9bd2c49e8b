package dev.kasuari.boards;

import dev.kasuari.machine.Machine;
import dev.kasuari.qapi.Schema;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** A machine type that {@code -M} can name. */
public interface BoardType {
  /** The name. */
  String name();

  /** A line for {@code -M help}. */
  String description();

  /** The architecture in the name of its emulator: {@code riscv64}. */
  String target();

  /** The CPU model if none is named. */
  String defaultCpu();

  /** Lines for {@code -cpu help}. */
  List<String> cpuHelp();

  /** What {@code -M} takes for this type alone, which {@link #build} reads; null for nothing. */
  default Schema.@Nullable Struct properties() {
    return null;
  }

  /** How many banks of flash there are for {@code -drive if=pflash}. */
  int flashBanks();

  /** Bytes of RAM if {@code -m} does not say. */
  long defaultRam();

  /** The most CPUs that {@code -smp} may ask for. */
  int maxCpus();

  /**
   * Puts the parts together in an empty machine.
   *
   * @throws dev.kasuari.qapi.OptionException if an option makes no sense for this board; the
   *     message names the option
   */
  Board build(Machine machine, BoardOptions options);
}
