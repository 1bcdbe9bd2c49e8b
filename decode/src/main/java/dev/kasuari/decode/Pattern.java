package dev.kasuari.decode;

import java.util.List;
import java.util.Optional;

/**
 * One instruction.
 *
 * @param name its name, which is its mnemonic unless the template says otherwise
 * @param index its number: the order in which the files list it
 * @param bits its length
 * @param mask the window bits that are fixed
 * @param value what the fixed bits are; 0 elsewhere
 * @param ignored the window bits that may be anything and mean nothing
 * @param ignoredOnes those of them that are 1 when it is encoded
 * @param group where it stands in the tree of groups: for each enclosing group its number and kind,
 *     and the position in it
 * @param target the instruction that it means, if it is only another encoding of one
 * @param section the heading that it stands under
 */
record Pattern(
    String name,
    int index,
    int bits,
    long mask,
    long value,
    long ignored,
    long ignoredOnes,
    List<Operand> operands,
    Predicate predicate,
    String template,
    List<Step> group,
    Optional<Target> target,
    String section,
    Source source) {

  Pattern {
    operands = List.copyOf(operands);
    group = List.copyOf(group);
  }

  /** A named parameter of an instruction. */
  sealed interface Operand {
    String name();
  }

  record FieldOperand(String name, Field field, String printer) implements Operand {}

  record ConstantOperand(String name, long value) implements Operand {}

  /** One level in the tree of groups. */
  record Step(int group, boolean ordered, int position) {}

  /**
   * What an encoding stands for.
   *
   * @param arguments what each operand of the other pattern gets, in that pattern's order
   * @param shown whether it is shown as the other pattern, too, where aliases are wanted
   */
  record Target(Pattern pattern, List<Operand> arguments, boolean shown) {
    Target {
      arguments = List.copyOf(arguments);
    }
  }

  /** The operands that have bits: what an encoder needs and a disassembler shows. */
  List<FieldOperand> fields() {
    return operands.stream()
        .filter(FieldOperand.class::isInstance)
        .map(FieldOperand.class::cast)
        .toList();
  }

  String method() {
    return Names.method(name);
  }

  String constant() {
    return Names.constant(name);
  }

  boolean matches(long window, long features) {
    return (window & mask) == value && predicate.test(window, features);
  }

  /** The bits as the pattern file writes them, most significant first, in groups of eight. */
  String picture() {
    var s = new StringBuilder();
    for (int i = bits - 1; i >= 0; i--) {
      s.append((mask >>> i & 1) != 0 ? (char) ('0' + (value >>> i & 1)) : '.');
      if (i % 8 == 0 && i > 0) {
        s.append(' ');
      }
    }
    return s.toString();
  }
}
