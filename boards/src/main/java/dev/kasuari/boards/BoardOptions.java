package dev.kasuari.boards;

import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.tcg.BackEnd;
import java.util.List;

/**
 * What a board is built from.
 *
 * @param ram bytes of RAM, a multiple of 4096
 * @param cpus number of CPUs, at least 1
 * @param cpu model and properties as {@code -cpu} takes them: {@code rv64,zba=off}
 * @param backEnd makes what runs translated code
 * @param serials what the serial ports are connected to, in order
 * @param properties what {@code -M} says beyond the name
 */
public record BoardOptions(
    long ram,
    int cpus,
    String cpu,
    BackEnd.Maker backEnd,
    List<CharBackend> serials,
    OptionSource properties) {
  public BoardOptions {
    serials = List.copyOf(serials);
  }
}
