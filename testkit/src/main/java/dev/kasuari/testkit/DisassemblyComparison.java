package dev.kasuari.testkit;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * Compares a disassembler with another one, word by word.
 *
 * @param ours the disassembler under test
 * @param theirs the other one
 * @param differences what is known to differ
 */
public record DisassemblyComparison<D extends Enum<D> & KnownDifference>(
    Disassembler ours, Reference theirs, Class<D> differences) {
  /** Words at once, so that the texts of millions stay out of memory. */
  private static final int SLICE = 500_000;

  private static final int SHOWN = 100;

  /** The disassembler under test. */
  public interface Disassembler {
    /** The text of an instruction, blanks as they come. */
    String text(long address, int insn);

    /** The name of the pattern that matches, or empty. */
    String pattern(int insn);
  }

  /** The other disassembler. */
  @FunctionalInterface
  public interface Reference {
    /** The texts of words at addresses from 0, blanks made single. */
    List<String> texts(int[] words) throws IOException;
  }

  /**
   * Compares, and fails if a difference is not known.
   *
   * @param what where the words come from, such as a seed
   * @return which known differences were seen
   */
  public Set<D> compare(int[] words, String what) throws IOException {
    var seen = EnumSet.noneOf(differences);
    var unexplained = new LinkedHashSet<String>();
    for (int from = 0; from < words.length; from += SLICE) {
      int[] slice = Arrays.copyOfRange(words, from, Math.min(words.length, from + SLICE));
      compare(slice, seen, unexplained);
    }
    assertThat(unexplained).as("%d words, %s", words.length, what).isEmpty();
    return seen;
  }

  private void compare(int[] words, Set<D> seen, Set<String> unexplained) throws IOException {
    List<String> texts = theirs.texts(words);
    for (int i = 0; i < words.length; i++) {
      String text = Objdump.singleBlanks(ours.text(4L * i, words[i]));
      if (!text.equals(texts.get(i))) {
        explain(words[i], text, texts.get(i), seen, unexplained);
      }
    }
  }

  private void explain(int insn, String text, String other, Set<D> seen, Set<String> unexplained) {
    String pattern = ours.pattern(insn);
    for (D d : differences.getEnumConstants()) {
      if (d.explains(insn, pattern, text, other)) {
        seen.add(d);
        return;
      }
    }
    if (unexplained.size() < SHOWN) {
      unexplained.add("%08x: we say %s, objdump says %s".formatted(insn, text, other));
    }
  }
}
