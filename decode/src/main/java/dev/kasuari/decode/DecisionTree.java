package dev.kasuari.decode;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** How to find the pattern of an instruction with few questions. */
sealed interface DecisionTree {
  /** Beyond so many candidates a node looks at no more than six bits, to keep methods small. */
  int MANY = 64;

  /** Candidates to try one after the other. */
  record Leaf(List<Pattern> candidates, long known) implements DecisionTree {}

  /** The bits of {@code mask} choose the branch; a missing branch matches nothing. */
  record Branch(long mask, Map<Long, DecisionTree> branches) implements DecisionTree {}

  /** The candidates in the leaves: a measure of generated code. */
  default int weight() {
    return switch (this) {
      case Leaf leaf -> leaf.candidates.size();
      case Branch b -> b.branches.values().stream().mapToInt(DecisionTree::weight).sum();
    };
  }

  static DecisionTree of(List<Pattern> patterns) {
    return build(patterns, 0);
  }

  private static DecisionTree build(List<Pattern> candidates, long known) {
    long mask = candidates.size() == 1 ? 0 : question(candidates, known);
    if (mask == 0) {
      return new Leaf(candidates, known);
    }
    var branches = new LinkedHashMap<Long, DecisionTree>();
    for (long i = 0; i < 1L << Long.bitCount(mask); i++) {
      long answer = Bits.deposit(i, mask);
      var left =
          candidates.stream().filter(p -> ((p.value() ^ answer) & p.mask() & mask) == 0).toList();
      if (!left.isEmpty()) {
        branches.put(answer, build(left, known | mask));
      }
    }
    return new Branch(mask, branches);
  }

  /** The bits to look at next, or 0 if trying the candidates is as good. */
  private static long question(List<Pattern> candidates, long known) {
    long common = ~known;
    for (Pattern p : candidates) {
      common &= p.mask();
    }
    if (common != 0) {
      return narrow(common, candidates.size() > MANY ? 6 : 16);
    }
    return candidates.size() <= 4 ? 0 : bestBit(candidates, known);
  }

  /** The lowest ones, at most so many and within 31 neighbouring bits. */
  private static long narrow(long mask, int count) {
    long near = mask & Bits.ones(31) << Long.numberOfTrailingZeros(mask);
    return Bits.deposit(Bits.ones(count), near);
  }

  /** The bit that most patterns fix, and of those the one that halves them best. */
  private static long bestBit(List<Pattern> candidates, long known) {
    long best = 0;
    long bestScore = 0;
    for (int bit = 0; bit < 64; bit++) {
      long m = 1L << bit;
      long fixed = candidates.stream().filter(p -> (p.mask() & m) != 0).count();
      long ones = candidates.stream().filter(p -> (p.value() & m) != 0).count();
      long score = fixed == 0 ? 0 : 1000 * fixed + Math.min(ones, fixed - ones);
      if ((known & m) == 0 && score > bestScore) {
        best = m;
        bestScore = score;
      }
    }
    return best;
  }
}
