package dev.kasuari.block;

import dev.kasuari.block.crypto.Secrets;

/**
 * Where an image is made, for those whose options name more than its own file.
 *
 * @param graph in which other files can be opened
 * @param filename of the image, to which names in it are relative
 */
public record Making(BlockGraph graph, String filename) {
  /** Passwords. */
  public Secrets secrets() {
    return graph.secrets();
  }
}
