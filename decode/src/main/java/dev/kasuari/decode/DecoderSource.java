package dev.kasuari.decode;

import dev.kasuari.decode.DecisionTree.Branch;
import dev.kasuari.decode.DecisionTree.Leaf;
import dev.kasuari.decode.Pattern.ConstantOperand;
import dev.kasuari.decode.Pattern.FieldOperand;
import dev.kasuari.decode.Pattern.Operand;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.stream.Collectors;

/** Writes the decoder: a decision tree to a pattern's number, and a switch from there. */
final class DecoderSource {
  /** A subtree with more candidates becomes a method, so that all stay under the JIT's limit. */
  private static final int METHOD_WEIGHT = 16;

  /** Calls in one dispatch method; one takes up to some 50 bytes. */
  private static final int CALLS = 64;

  private record Pending(String method, DecisionTree tree) {}

  private final Isa isa;
  private final Code code;
  private final Deque<Pending> pending = new ArrayDeque<>();
  private int methods;

  private DecoderSource(Isa isa) {
    this.isa = isa;
    this.code =
        Generated.open(
            isa,
            "",
            """
            Finds out which instruction bits are.
             *
             * <p>An instruction's first unit is in the low bits, the following ones above it. Where it is
             * shorter than the parameter, the bits above it may be anything.\
            """,
            "public final class %sDecoder".formatted(isa.name()));
  }

  static String of(Isa isa) {
    return new DecoderSource(isa).write();
  }

  private String write() {
    String n = isa.name();
    code.line("private %sDecoder() {}", n).line("");
    if (!isa.lengths().isEmpty()) {
      length();
    }
    code.block(
        """
        /**
         * Decodes an instruction and calls its method.
         *
         * @param features bits of {@link %1$sFeatures}
         * @return false if there is no such instruction with these features; nothing was called
         */
        public static <C> boolean decode(
            %2$s insn, long features, C context, %1$sInstructions<? super C> visitor) {
          int pattern = match(insn, features);
          if (pattern < 0) {
            return false;
          }
          dispatch(pattern, insn, context, visitor);
          return true;
        }
        """
            .formatted(n, isa.type()));
    tree();
    dispatch();
    return code.line("}").toString();
  }

  private void length() {
    code.line(
        "/** The length in bytes that an instruction's first unit tells, 0 if it is reserved. */");
    code.line("public static int length(%s insn) {", isa.type());
    boolean open = true;
    for (var rule : isa.lengths()) {
      String condition = conjunction(rule.when());
      if (condition.isEmpty()) {
        code.line("return %d;", rule.bits() / 8);
        open = false;
        break;
      }
      code.line("if (%s) {", condition).line("return %d;", rule.bits() / 8).line("}");
    }
    if (open) {
      code.line("return 0;");
    }
    code.line("}").line("");
  }

  private String conjunction(Predicate predicate) {
    return predicate.clauses().stream()
        .map(c -> Generated.condition(isa, c, "insn"))
        .map(s -> predicate.clauses().size() > 1 && s.contains("||") ? "(" + s + ")" : s)
        .collect(Collectors.joining(" && "));
  }

  private void tree() {
    code.line("");
    code.line(
        "/** The number in {@link %sPatterns} of the pattern that matches, or -1. */", isa.name());
    pending.add(new Pending("public static int match", DecisionTree.of(isa.patterns())));
    while (!pending.isEmpty()) {
      Pending p = pending.removeFirst();
      code.line("%s(%s insn, long features) {", p.method, isa.type());
      if (node(p.tree, true)) {
        code.line("return -1;");
      }
      code.line("}").line("");
    }
  }

  /** Writes the tree; returns whether control may come out at its end. */
  private boolean node(DecisionTree tree, boolean root) {
    if (!root && tree instanceof Branch && tree.weight() > METHOD_WEIGHT) {
      String method = "match" + ++methods;
      pending.add(new Pending("private static int " + method, tree));
      code.line("return %s(insn, features);", method);
      return false;
    }
    return switch (tree) {
      case Leaf leaf -> leaf(leaf);
      case Branch branch -> branch(branch);
    };
  }

  private boolean branch(Branch b) {
    int low = Long.numberOfTrailingZeros(b.mask());
    String shifted = low == 0 ? "insn" : "insn >>> " + low;
    if (isa.type().equals("long")) {
      shifted = "(int) (" + shifted + ")";
    }
    code.line("switch (%s & %s) {", shifted, Code.literal(b.mask() >>> low, "int"));
    b.branches()
        .forEach((value, tree) -> {
          code.line("case %s -> {", Code.literal(value >>> low, "int"));
          node(tree, false);
          code.line("}");
        });
    code.line("default -> {}");
    code.line("}");
    return true;
  }

  private boolean leaf(Leaf leaf) {
    for (Pattern p : leaf.candidates()) {
      String condition = residue(p, leaf.known());
      if (condition.isEmpty()) {
        code.line("return %sPatterns.%s;", isa.name(), p.constant());
        return false;
      }
      code.line("if (%s) {", condition);
      code.line("return %sPatterns.%s;", isa.name(), p.constant());
      code.line("}");
    }
    return true;
  }

  private String residue(Pattern p, long known) {
    long mask = p.mask() & ~known;
    String rest = conjunction(p.predicate());
    if (mask == 0) {
      return rest;
    }
    String bits =
        "(insn & %s) == %s"
            .formatted(Code.literal(mask, isa.type()), Code.literal(p.value() & mask, isa.type()));
    if (rest.isEmpty()) {
      return bits;
    }
    return bits
        + " && "
        + (p.predicate().clauses().size() == 1 && rest.contains("||") ? "(" + rest + ")" : rest);
  }

  private void dispatch() {
    int count = isa.patterns().size();
    code.block(
        """
        /**
         * Calls the method of a pattern that {@code match} found. A translator that must wrap every
         * instruction (a condition, a delay slot) matches and dispatches itself.
         */
        public static <C> void dispatch(
        """);
    dispatchParameters();
    code.line("switch (pattern / %d) {", CALLS);
    for (int i = 0; i * CALLS < count; i++) {
      code.line("case %d -> dispatch%d(pattern, insn, context, visitor);", i, i);
    }
    code.line("default -> throw new IllegalArgumentException(\"no pattern \" + pattern);");
    code.line("}").line("}");
    for (int i = 0; i * CALLS < count; i++) {
      code.line("");
      code.line("private static <C> void dispatch%d(", i);
      dispatchParameters();
      code.line("switch (pattern) {");
      for (Pattern p : isa.patterns().subList(i * CALLS, Math.min(count, (i + 1) * CALLS))) {
        dispatchOne(p);
      }
      code.line("default -> throw new IllegalArgumentException(\"no pattern \" + pattern);");
      code.line("}").line("}");
    }
  }

  private void dispatchOne(Pattern p) {
    String permitted =
        isa.guards(p).stream()
            .map("visitor.%s(context)"::formatted)
            .collect(Collectors.joining(" && "));
    if (permitted.isEmpty()) {
      code.line("case %sPatterns.%s -> %s;", isa.name(), p.constant(), call(p));
      return;
    }
    code.line("case %sPatterns.%s -> {", isa.name(), p.constant());
    code.line("if (%s) {", permitted).line("%s;", call(p)).line("}");
    code.line("}");
  }

  private void dispatchParameters() {
    code.line(
        "    int pattern, %s insn, C context, %sInstructions<? super C> visitor) {",
        isa.type(), isa.name());
  }

  private String call(Pattern p) {
    var method = p.target().map(t -> t.pattern().method()).orElse(p.method());
    var arguments = p.target().map(Pattern.Target::arguments).orElse(p.operands());
    return "visitor.%s(context%s)"
        .formatted(
            method, arguments.stream().map(o -> ", " + argument(o)).collect(Collectors.joining()));
  }

  private String argument(Operand operand) {
    return switch (operand) {
      case ConstantOperand c -> Long.toString(c.value());
      case FieldOperand f ->
          "%sFields.%s(insn)".formatted(isa.name(), Names.method(f.field().name()));
    };
  }
}
