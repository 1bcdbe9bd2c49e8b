package dev.kasuari.qapi;

import java.util.function.Function;

/**
 * A command that an operator may give: over QMP with JSON, from a monitor or a script with words.
 *
 * @param name with hyphens: {@code query-status}
 * @param doc a sentence for help and introspection
 * @param arguments what it takes
 * @param result what it gives, for introspection
 * @param handler does it; complains with {@link OptionException}
 */
public record Command<A>(
    String name, String doc, OptionCodec<A> arguments, Schema result, Function<A, Json> handler) {
  /** Reads the arguments and does it. */
  public Json run(OptionSource source, References references) {
    return handler.apply(arguments.parse(source, references));
  }
}
