package dev.kasuari.decode;

import dev.kasuari.decode.Pattern.Step;
import java.util.ArrayList;
import java.util.List;

/** Finds instructions that two patterns claim and no group gives to one of them. */
final class Overlaps {
  /** More free bits than this are not tried out, and count as an overlap. */
  private static final int MAX_FREE_BITS = 20;

  private Overlaps() {}

  /** Every complaint about overlaps, each with both places. */
  static List<String> find(Isa isa) {
    var found = new ArrayList<String>();
    var patterns = isa.patterns();
    for (int i = 0; i < patterns.size(); i++) {
      for (int j = 0; j < i; j++) {
        Pattern a = patterns.get(j);
        Pattern b = patterns.get(i);
        if (a.bits() != b.bits() ? overlap(isa, a, b) : !ordered(a, b) && overlap(isa, a, b)) {
          found.add(message(a, b));
        }
      }
    }
    return found;
  }

  private static String message(Pattern a, Pattern b) {
    return "%s: %s overlaps %s at %s: %s"
        .formatted(
            b.source(),
            b.name(),
            a.name(),
            a.source(),
            a.bits() == b.bits()
                ? "want other bits, a condition, or both in { } with the preferred one first"
                : "instructions of different lengths may not overlap, not even in { }");
  }

  /** Whether the innermost group that holds both is one where the first match wins. */
  private static boolean ordered(Pattern a, Pattern b) {
    boolean ordered = false;
    for (int i = 0; i < Math.min(a.group().size(), b.group().size()); i++) {
      Step s = a.group().get(i);
      Step t = b.group().get(i);
      if (s.group() != t.group()) {
        break;
      }
      ordered = s.ordered();
      if (s.position() != t.position()) {
        break;
      }
    }
    return ordered;
  }

  /** Whether one instruction under one set of features is both. */
  private static boolean overlap(Isa isa, Pattern a, Pattern b) {
    if (((a.value() ^ b.value()) & a.mask() & b.mask()) != 0) {
      return false;
    }
    Predicate both = a.predicate().and(b.predicate());
    long fixed = a.mask() | b.mask();
    long free = both.mask() & ~fixed;
    if (Long.bitCount(free) > MAX_FREE_BITS) {
      return true;
    }
    for (long features : isa.featureSets(both.featureMask())) {
      for (long i = 0; i < 1L << Long.bitCount(free); i++) {
        if (both.test(a.value() | b.value() | Bits.deposit(i, free), features)) {
          return true;
        }
      }
    }
    return false;
  }
}
