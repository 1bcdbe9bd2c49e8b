package dev.kasuari.boards;

import dev.kasuari.machine.backend.CharBackend;
import dev.kasuari.target.riscv.sbi.SbiConsole;

/**
 * The firmware's debug console on the board's serial line: it writes where the port writes. Input
 * belongs to the port.
 */
record SerialSbiConsole(CharBackend line) implements SbiConsole {
  @Override
  public int write(byte[] bytes) {
    return line.write(bytes, 0, bytes.length, () -> {});
  }

  @Override
  public int read() {
    return -1;
  }
}
