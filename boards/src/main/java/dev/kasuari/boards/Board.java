package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.Fdt;
import dev.kasuari.machine.Bus;
import java.util.List;

/** A machine's parts, put together. */
public interface Board {
  /** Where {@code -device} may plug something, in the order in which places are taken. */
  List<Bus> buses();

  /**
   * Loads what the machine starts with, and again at every reset. To be called when all devices are
   * plugged, before the machine first runs. With neither kernel nor firmware the board says on its
   * console that there is nothing to start.
   *
   * @throws BootException if something cannot be loaded; the message names option and file
   */
  void load(BootOptions boot) throws BootException;

  /** The devicetree as software finds it, once {@link #load} was called. */
  Fdt deviceTree();
}
