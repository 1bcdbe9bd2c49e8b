package dev.kasuari.img.io;

import java.util.List;

/**
 * Something that the program does.
 *
 * @param name the word
 * @param alias another, or nothing
 * @param least words behind it
 * @param most words behind it; −1 for any number
 * @param needs what has to be there
 * @param letters its options, those with a value followed by a colon
 * @param syntax what may stand behind it
 * @param doc a line about it
 * @param body what it does
 */
record IoCommand(
    String name,
    String alias,
    int least,
    int most,
    Needs needs,
    String letters,
    String syntax,
    String doc,
    Body body) {

  /** What has to be there. */
  enum Needs {
    /** Nothing. */
    NOTHING,
    /** An open image. */
    IMAGE,
    /** An image that may be written. */
    WRITABLE
  }

  /** What a command does. */
  interface Body {
    /**
     * Does it.
     *
     * @throws IoException what is printed then
     */
    void run(IoSession session, Words words);
  }

  boolean called(String word) {
    return word.equals(name) || (!alias.isEmpty() && word.equals(alias));
  }

  String line() {
    return name + " " + syntax + " -- " + doc;
  }

  /** Complains unless as many words as are wanted stand behind it. */
  void requireWords(List<String> words) {
    int count = words.size() - 1;
    if (count >= least && (most < 0 || count <= most)) {
      return;
    }
    String expected =
        most < 0
            ? "at least " + least
            : least == most ? Integer.toString(least) : "between " + least + " and " + most;
    throw IoException.complaint(
        "bad argument count " + count + " to " + name + ", expected " + expected + " arguments");
  }
}
