package dev.kasuari.decode;

import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * An instruction set, as its pattern files describe it.
 *
 * @param name what generated classes' names begin with
 * @param javaPackage where generated classes live
 * @param unit the bits of one code unit: instructions are whole numbers of units
 * @param lengths how the first unit tells the length; the first rule that holds decides; empty if
 *     the patterns alone tell it
 * @param features the features' bit numbers are their positions
 * @param exclusive sets of feature bits of which exactly one is there
 * @param unknown the format of what is no instruction, for {@code String.format} with its bits; ""
 *     for a data directive
 * @param addresses how wide addresses are, for the disassembler; the first rule that holds decides
 */
record Isa(
    String name,
    String javaPackage,
    int unit,
    List<WidthRule> lengths,
    List<Feature> features,
    List<Long> exclusive,
    Map<String, Field> fields,
    Map<String, Printer> printers,
    String unknown,
    List<WidthRule> addresses,
    List<Pattern> patterns,
    List<Alias> aliases) {

  /**
   * A feature of the CPU, or a mode that it is in.
   *
   * @param later whether translators may leave out what needs it
   * @param guard the method that permits what needs it, or ""
   */
  record Feature(String name, String description, boolean later, String guard) {}

  /** So many bits where the condition holds. */
  record WidthRule(int bits, Predicate when, Source source) {}

  /**
   * How a number is shown.
   *
   * @param shift bits to the right before it is shown
   * @param mask bits that are shown; -1 for all
   * @param names names of values; others are shown as {@code style} says
   * @param otherwise the text for a value without a name, or "" for the style
   * @param call the static method that makes the text, as {@code Class.method}, or ""
   */
  record Printer(
      String name,
      Style style,
      int shift,
      long mask,
      Map<Long, String> names,
      String otherwise,
      String call) {
    enum Style {
      DEC,
      HEX,
      /**
       * A distance from the instruction's own address, shown as the address; the mask is what
       * counts of the own address.
       */
      REL
    }

    /** A printer of numbers. */
    static Printer number(String name, Style style, int shift, long mask) {
      return new Printer(name, style, shift, mask, Map.of(), "", "");
    }

    boolean calls() {
      return !call.isEmpty();
    }
  }

  /**
   * Another way to show an instruction when its operands have certain values.
   *
   * @param conditions all must hold
   * @param features must hold too; of features alone
   */
  record Alias(
      Pattern pattern,
      List<Condition> conditions,
      Predicate features,
      String template,
      Source source) {}

  /**
   * Operand number {@code operand} compared with a constant, or with operand {@code other} >= 0.
   */
  record Condition(int operand, String relation, int other, long constant) {}

  /** The longest instruction in bits. */
  int window() {
    return patterns.stream().mapToInt(Pattern::bits).max().orElse(unit);
  }

  /** The features, of which it has one for sure, that a clause of its condition names. */
  private Stream<List<Feature>> needs(Pattern p) {
    return p.predicate().clauses().stream()
        .filter(clause ->
            clause.literals().stream()
                .allMatch(each -> each instanceof Predicate.HasFeature has && has.present()))
        .map(clause ->
            clause.literals().stream()
                .map(each -> features.get(((Predicate.HasFeature) each).bit()))
                .toList());
  }

  /** Whether a pattern needs a feature that is not translated yet. */
  boolean later(Pattern p) {
    return needs(p).anyMatch(each -> each.stream().allMatch(Feature::later));
  }

  /** The methods that permit a pattern's instruction, in the order of the features. */
  List<String> guards(Pattern p) {
    return needs(p)
        .filter(each -> each.stream().map(Feature::guard).distinct().count() == 1)
        .map(each -> each.getFirst().guard())
        .filter(guard -> !guard.isEmpty())
        .distinct()
        .toList();
  }

  /** The Java type that holds any instruction. */
  String type() {
    return window() <= 32 ? "int" : "long";
  }

  /** The feature sets, out of the bits in {@code mask}, that a CPU can have. */
  List<Long> featureSets(long mask) {
    long all = mask;
    for (long set : exclusive) {
      if ((set & mask) != 0) {
        all |= set;
      }
    }
    long subject = all;
    return LongStream.range(0, 1L << Long.bitCount(all))
        .map(i -> Bits.deposit(i, subject))
        .filter(f ->
            exclusive.stream().allMatch(set -> (set & subject) == 0 || Long.bitCount(f & set) == 1))
        .boxed()
        .toList();
  }
}
