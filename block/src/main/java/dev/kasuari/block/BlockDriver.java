package dev.kasuari.block;

import dev.kasuari.qapi.OptionCodec;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A kind of node: its name, what it can be told, and how one is opened. Drivers are listed in
 * {@link Drivers}; they have no state.
 *
 * @param <O> its options, an {@link dev.kasuari.qapi.Options} record, without those of {@link
 *     NodeOptions} and without its children
 */
public interface BlockDriver<O> {
  /** What {@code driver=} takes. */
  String name();

  /** What file names that mean it begin with, up to a colon. */
  default List<String> protocols() {
    return List.of(name());
  }

  /** A line about it. */
  String doc();

  /** What it can be told. */
  OptionCodec<O> options();

  /**
   * The children that its options may name, the necessary ones first: {@code file}. Each is a
   * node's name or a node's options.
   */
  default List<String> slots() {
    return List.of();
  }

  /** True if its nodes are made of the bytes of a child called {@code file}. */
  default boolean isFormat() {
    return slots().contains("file");
  }

  /**
   * Opens a node.
   *
   * @throws BlockException if it cannot be
   */
  BlockNode open(O options, Opening opening);

  /**
   * Makes an empty file, or empties the one that is there.
   *
   * @param filename a name with one of {@link #protocols}
   * @return false if this protocol makes none, and it has to be there
   * @throws BlockException if it cannot be made
   */
  default boolean createFile(String filename) {
    return false;
  }

  /** True if images can be made in files of this protocol: it makes them, or they are there. */
  default boolean takesImages() {
    return false;
  }

  /** How images of this format are changed, or null if they are not. */
  default @Nullable ImageAmender<?> amender() {
    return null;
  }

  /** How images of this format are made, or null if they are not. */
  default @Nullable ImageCreator<?> creator() {
    return null;
  }
}
