package dev.kasuari.target.riscv.asm;

/** A place in a program: an offset from its start, known once it is bound. */
public final class Label {
  private final String name;
  private int offset = -1;

  Label(String name) {
    this.name = name;
  }

  void bind(int at) {
    if (offset >= 0) {
      throw new IllegalStateException("label " + name + " is bound twice");
    }
    offset = at;
  }

  /** Bytes from the program's start. */
  public int offset() {
    if (offset < 0) {
      throw new IllegalStateException("label " + name + " is not bound");
    }
    return offset;
  }

  @Override
  public String toString() {
    return name;
  }
}
