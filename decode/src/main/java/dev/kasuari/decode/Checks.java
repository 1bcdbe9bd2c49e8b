package dev.kasuari.decode;

import java.util.ArrayList;
import java.util.List;

/** What must hold between patterns before anything is generated. */
final class Checks {
  private Checks() {}

  /**
   * Throws one exception with all complaints, one a line.
   *
   * @throws PatternException if patterns overlap, or have other lengths than the length rules say
   */
  static void check(Isa isa) {
    var complaints = new ArrayList<String>(Overlaps.find(isa));
    for (Pattern p : isa.patterns()) {
      lengthComplaint(isa, p, complaints);
    }
    if (!complaints.isEmpty()) {
      throw new PatternException(String.join("\n", complaints));
    }
  }

  private static void lengthComplaint(Isa isa, Pattern p, List<String> complaints) {
    for (var rule : isa.lengths()) {
      long mask = rule.when().mask();
      boolean decided = (mask & ~p.mask()) == 0;
      boolean holds = rule.when().test(p.value(), 0);
      if (!decided) {
        complaints.add(
            "%s: %s leaves open what the length rule at %s asks: want bits %s fixed"
                .formatted(p.source(), p.name(), rule.source(), Bits.hex(mask)));
        return;
      }
      if (holds) {
        if (rule.bits() != p.bits()) {
          complaints.add(
              "%s: %s has %d bits, but the length rule at %s says %d"
                  .formatted(p.source(), p.name(), p.bits(), rule.source(), rule.bits()));
        }
        return;
      }
    }
    if (!isa.lengths().isEmpty()) {
      complaints.add(
          "%s: no length rule knows the first bits of %s".formatted(p.source(), p.name()));
    }
  }
}
