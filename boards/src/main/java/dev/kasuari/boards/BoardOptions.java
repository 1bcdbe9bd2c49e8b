package dev.kasuari.boards;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.BackEnd;
import dev.kasuari.tcg.InstructionSet;
import dev.kasuari.tcg.TcgAccelerator;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * What a board is built from.
 *
 * @param ram bytes of RAM, a multiple of 4096
 * @param cpus number of CPUs, at least 1
 * @param cpu model and properties as {@code -cpu} takes them: {@code rv64,zba=off}
 * @param backEnd makes what runs translated code
 * @param serials what the serial ports are connected to, in order
 * @param flash what is in the banks of flash, by their numbers from 0
 * @param properties what {@code -M} says beyond the name
 */
public record BoardOptions(
    long ram,
    int cpus,
    String cpu,
    BackEnd.Maker backEnd,
    List<CharBackend> serials,
    Map<Integer, BlockBackend> flash,
    OptionSource properties) {
  public BoardOptions {
    serials = List.copyOf(serials);
    flash = Map.copyOf(flash);
  }

  /** What runs CPUs of this instruction set; the machine owns and executes it. */
  TcgAccelerator accelerator(Machine machine, InstructionSet instructions) {
    var accelerator = new TcgAccelerator(machine, instructions, backEnd);
    machine.addExecution(accelerator);
    return accelerator;
  }

  /** What a serial port is connected to, by its number from 0, or null for nothing. */
  @Nullable CharBackend serial(int number) {
    return number < serials.size() ? serials.get(number) : null;
  }

  /**
   * What the one serial port of a board is connected to.
   *
   * @throws OptionException if there is nothing
   */
  CharBackend serial() {
    if (serials.isEmpty()) {
      throw new OptionException("the board has one serial port: -serial none is not there yet");
    }
    return serials.getFirst();
  }
}
