package dev.kasuari.machine.state;

import dev.kasuari.qapi.Json;
import java.util.Arrays;

/** Saves, restores, shows and compares objects of one state class. Generated; without state. */
public abstract class StateCodec<S> {
  private final String name;
  private final int version;

  /** A codec of the class called {@code name} in its version {@code version}. */
  protected StateCodec(String name, int version) {
    this.name = name;
    this.version = version;
  }

  /** The class's simple name, for complaints. */
  public final String name() {
    return name;
  }

  /** Counts changes of meaning. */
  public final int version() {
    return version;
  }

  /** An object with all fields at their reset values. */
  public abstract S create();

  /** Gives all fields to {@code writer}. */
  public abstract void write(S state, StateWriter writer);

  /**
   * Takes the present value of {@code reader} as the field called {@code field}.
   *
   * @return false if there is no such field
   */
  public abstract boolean read(S state, String field, StateReader reader);

  /**
   * All fields with their names and kinds. The same on every host; see {@link StateEncoder} for the
   * format.
   */
  public final byte[] encode(S state) {
    var encoder = new StateEncoder();
    encoder.struct(this, state);
    return encoder.bytes();
  }

  /**
   * A new object from what {@link #encode} gave, perhaps of another version. Fields that are not
   * there keep their reset values.
   *
   * @param where what complaints begin with
   * @throws StateException naming a field that is not known here, has another kind, or is damaged
   */
  public final S decode(String where, byte[] bytes) {
    S state = create();
    var reader = new StateReader(where, bytes);
    reader.struct(this, state);
    reader.end();
    return state;
  }

  /** The fields as JSON, for monitors and people. */
  public final Json.Members show(S state) {
    var writer = new StateJson();
    write(state, writer);
    return writer.members();
  }

  /** True if all fields are equal. */
  public final boolean same(S a, S b) {
    return Arrays.equals(encode(a), encode(b));
  }
}
