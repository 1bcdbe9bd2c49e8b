package dev.kasuari.tcg.ir;

/**
 * A result of an operation or a parameter of a block, as the {@link Emitter} hands it out. Valid
 * until the emitter begins its next unit.
 */
public final class Value {
  final int id;
  Type type = Type.I64;

  Value(int id) {
    this.id = id;
  }

  public Type type() {
    return type;
  }

  /** Its number in the unit. */
  public int id() {
    return id;
  }

  @Override
  public String toString() {
    return "v" + id + ":" + type;
  }
}
