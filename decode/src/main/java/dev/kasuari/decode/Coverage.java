package dev.kasuari.decode;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * How much of the encoding space the patterns claim, under any features.
 *
 * @param claimed by length in bits, the instructions of that length that a pattern claims
 * @param gaps the largest ranges that nothing claims, as pictures of bits
 */
record Coverage(String isa, int patterns, Map<Integer, Double> claimed, List<String> gaps) {
  private static final int SHOWN = 12;

  Coverage {
    gaps = List.copyOf(gaps);
  }

  /** A set of instructions: those whose bits in {@code mask} are {@code value}. */
  private record Cube(long mask, long value) {
    Cube with(long bit, boolean one) {
      return new Cube(mask | bit, one ? value | bit : value);
    }
  }

  static Coverage of(Isa isa) {
    var claimed = new LinkedHashMap<Integer, Double>();
    var gaps = new ArrayList<String>();
    var lengths = new TreeSet<Integer>();
    isa.patterns().forEach(p -> lengths.add(p.bits()));
    for (int bits : lengths) {
      var counter = new Counter(bits);
      var patterns = isa.patterns().stream().filter(p -> p.bits() == bits).toList();
      counter.count(new Cube(0, 0), patterns);
      claimed.put(bits, counter.claimed);
      counter.gaps.stream()
          .filter(g -> prefix(isa, g, bits))
          .sorted((a, b) -> Long.bitCount(a.mask) - Long.bitCount(b.mask))
          .limit(SHOWN)
          .forEach(g -> gaps.add(picture(g, bits)));
    }
    return new Coverage(isa.name(), isa.patterns().size(), claimed, gaps);
  }

  /** Whether instructions of a cube have this length at all. */
  private static boolean prefix(Isa isa, Cube g, int bits) {
    for (var rule : isa.lengths()) {
      if ((rule.when().mask() & ~g.mask) == 0 && rule.when().test(g.value, 0)) {
        return rule.bits() == bits;
      }
    }
    return true;
  }

  private static final class Counter {
    private final int bits;
    private final List<Cube> gaps = new ArrayList<>();
    private double claimed;

    Counter(int bits) {
      this.bits = bits;
    }

    void count(Cube cube, List<Pattern> candidates) {
      if (candidates.isEmpty()) {
        gaps.add(cube);
        return;
      }
      long open = 0;
      for (Pattern p : candidates) {
        long needed = (p.mask() | fieldMask(p)) & ~cube.mask;
        if (needed == 0) {
          claimed += Math.scalb(1.0, bits - Long.bitCount(cube.mask));
          return;
        }
        open |= p.mask() & ~cube.mask;
      }
      long bit =
          open != 0
              ? Long.lowestOneBit(open)
              : Long.highestOneBit(fieldMask(candidates.getFirst()) & ~cube.mask);
      split(cube.with(bit, false), candidates);
      split(cube.with(bit, true), candidates);
    }

    private void split(Cube cube, List<Pattern> candidates) {
      count(cube, candidates.stream().filter(p -> possible(cube, p)).toList());
    }

    private static long fieldMask(Pattern p) {
      long mask = 0;
      for (var c : p.predicate().clauses()) {
        mask |= c.onlyFields() ? new Predicate(List.of(c)).mask() : 0;
      }
      return mask;
    }

    /** Whether some instruction of the cube can match, as far as the bits known so far tell. */
    private static boolean possible(Cube cube, Pattern p) {
      if (((cube.value ^ p.value()) & cube.mask & p.mask()) != 0) {
        return false;
      }
      for (var c : p.predicate().clauses()) {
        var alone = new Predicate(List.of(c));
        if (c.onlyFields()
            && (alone.mask() & ~cube.mask & ~p.mask()) == 0
            && !alone.test(cube.value | p.value(), 0)) {
          return false;
        }
      }
      return true;
    }
  }

  private static String picture(Cube g, int bits) {
    var s = new StringBuilder();
    for (int i = bits - 1; i >= 0; i--) {
      s.append((g.mask >>> i & 1) == 0 ? '.' : (char) ('0' + (g.value >>> i & 1)));
    }
    return s.toString();
  }

  String summary() {
    var s = new StringBuilder("%s: %d patterns".formatted(isa, patterns));
    claimed.forEach(
        (bits, count) -> s.append("; %d bits: %.4g instructions claimed".formatted(bits, count)));
    s.append("; largest gaps:");
    gaps.forEach(g -> s.append("\n  ").append(g));
    return s.toString();
  }
}
