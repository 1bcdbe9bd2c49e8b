package dev.kasuari.machine;

import java.util.List;

/**
 * How the hardware description names an input of an interrupt controller.
 *
 * @param controller its node
 * @param cells the numbers that it understands, as many as its {@code #interrupt-cells}
 */
public record InterruptSpecifier(HardwareNode controller, List<Integer> cells) {
  public InterruptSpecifier {
    cells = List.copyOf(cells);
  }
}
