package dev.kasuari.decode;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/**
 * How much of the encoding space the patterns claim, under any features.
 *
 * @param claimed by length in bits, the share of encodings of that length that a pattern claims,
 *     0..1
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
      double all = 0;
      for (Cube prefix : prefixes(isa, bits)) {
        counter.split(prefix, patterns);
        all += Math.scalb(1.0, bits - Long.bitCount(prefix.mask));
      }
      claimed.put(bits, counter.claimed / all);
      counter.gaps.stream()
          .sorted((a, b) -> Long.bitCount(a.mask) - Long.bitCount(b.mask))
          .limit(SHOWN)
          .forEach(g -> gaps.add(picture(g, bits)));
    }
    return new Coverage(isa.name(), isa.patterns().size(), claimed, gaps);
  }

  /** The first bits that tell this length, as far as there are length rules. */
  private static List<Cube> prefixes(Isa isa, int bits) {
    long mask = isa.lengths().stream().mapToLong(r -> r.when().mask()).reduce(0, (a, b) -> a | b);
    var prefixes = new ArrayList<Cube>();
    for (long i = 0; i < 1L << Long.bitCount(mask); i++) {
      long value = Bits.deposit(i, mask);
      int told =
          isa.lengths().stream()
              .filter(r -> r.when().test(value, 0))
              .map(Isa.WidthRule::bits)
              .findFirst()
              .orElse(isa.lengths().isEmpty() ? bits : 0);
      if (told == bits) {
        prefixes.add(new Cube(mask, value));
      }
    }
    return prefixes;
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
      for (Pattern p : candidates) {
        long needed = (p.mask() | fieldMask(p)) & ~cube.mask;
        if (needed == 0) {
          claimed += Math.scalb(1.0, bits - Long.bitCount(cube.mask));
          return;
        }
      }
      long bit = question(cube, candidates);
      split(cube.with(bit, false), candidates);
      split(cube.with(bit, true), candidates);
    }

    /** The bit that most patterns fix, so that gaps come out large; then a bit of a condition. */
    private static long question(Cube cube, List<Pattern> candidates) {
      long best = Long.highestOneBit(fieldMask(candidates.getFirst()) & ~cube.mask);
      long most = 0;
      for (int i = 63; i >= 0; i--) {
        long bit = 1L << i & ~cube.mask;
        long count = candidates.stream().filter(p -> (p.mask() & bit) != 0).count();
        if (count > most) {
          most = count;
          best = bit;
        }
      }
      return best;
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

  /** One line. */
  String summary() {
    var s = new StringBuilder("%s: %d patterns".formatted(isa, patterns));
    claimed.forEach((bits, share) ->
        s.append("; of %d-bit encodings %.2f %% are allocated".formatted(bits, 100 * share)));
    return s.toString();
  }

  /** The summary and the largest gaps. */
  String report() {
    return summary() + "\nThe largest gaps are:\n  " + String.join("\n  ", gaps) + "\n";
  }
}
