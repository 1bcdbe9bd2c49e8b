package dev.kasuari.qapi;

/** Reads and writes what an {@link Options} type declares. Generated; without state. */
public interface OptionCodec<T> {
  /** What is declared. */
  Schema.Struct schema();

  /**
   * Takes the declared options out of {@code reader}. Others are left for {@link
   * OptionReader#finish}.
   *
   * @throws OptionException if one is missing or wrong
   */
  T read(OptionReader reader);

  /** The values as JSON; absent ones are left out. */
  Json.Members write(T value);

  /**
   * Reads all of {@code source}.
   *
   * @throws OptionException also if something is left that is not declared
   */
  default T parse(OptionSource source, References references) {
    OptionReader reader = new OptionReader(source, references);
    T value = read(reader);
    reader.finish();
    return value;
  }

  /** As {@link #parse(OptionSource, References)}, without anything to refer to. */
  default T parse(OptionSource source) {
    return parse(source, References.NONE);
  }
}
