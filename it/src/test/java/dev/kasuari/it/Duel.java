package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvDecoder;
import dev.kasuari.target.riscv.isa.RiscvFeatures;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.LongFunction;
import java.util.stream.IntStream;

/** Runs sequences on two machines, and finds the instructions that one of them does otherwise. */
final class Duel {
  /** Sequences that are looked into, of those in a batch that differ. */
  private static final int EXPLAINED = 12;

  private final Peer ours;
  private final QemuPeer theirs;
  private final QemuDifferences known;
  private final long features;
  private final int xlen;

  Duel(Peer ours, QemuPeer theirs, long features) {
    this.ours = ours;
    this.theirs = theirs;
    this.known = new QemuDifferences(theirs.major(), features);
    this.features = features;
    this.xlen = (features & RiscvFeatures.RV32) != 0 ? 32 : 64;
  }

  /**
   * Runs them all.
   *
   * @param repeat the command that runs the sequence of a seed again
   * @return a report for each instruction that differs, with a sequence as short as can be; none if
   *     the machines agree
   */
  List<String> run(List<Sequence> sequences, Coverage coverage, LongFunction<String> repeat)
      throws Exception {
    var batch = new SequenceBatch(sequences, xlen);
    coverage.between(batch.codeStart(), batch.codeEnd());
    Map<Integer, List<String>> differing;
    try {
      differing = differing(batch, coverage);
    } catch (Peer.StuckException e) {
      return List.of(stuck(batch, batch.indexAt(e.progress()), e, repeat));
    }
    coverage.between(0, 0);
    Map<String, String> reports = new LinkedHashMap<>();
    for (int index : differing.keySet().stream().limit(EXPLAINED).toList()) {
      Sequence sequence = sequences.get(index);
      Sequence shorter = shorten(sequence);
      String culprit = culprit(shorter);
      if (!reports.containsKey(culprit)) {
        String report = report(culprit, thin(shorter), repeat.apply(sequence.seed()));
        String there = "The whole sequence, among the others:%n".formatted();
        reports.put(culprit, report + there + String.join("\n", differing.get(index)));
      }
    }
    return List.copyOf(reports.values());
  }

  private String stuck(
      SequenceBatch batch, int index, Peer.StuckException how, LongFunction<String> repeat) {
    Sequence sequence = batch.sequences().get(index);
    return "sequence %d does not end.%n%s%nTo repeat: %s%n%s"
        .formatted(
            sequence.seed(),
            how.getMessage(),
            repeat.apply(sequence.seed()),
            sequence.disassembly(batch.codeAddress(index), features));
  }

  /** The other machine's name. */
  String peer() {
    return theirs.name();
  }

  /** What the other machine is known to do otherwise. */
  QemuDifferences known() {
    return known;
  }

  /** The sequences with another outcome, and what is different. */
  private Map<Integer, List<String>> differing(SequenceBatch batch) throws Exception {
    return differing(batch, new Coverage());
  }

  private Map<Integer, List<String>> differing(SequenceBatch batch, Coverage coverage)
      throws Exception {
    List<byte[]> mine = ours.run(batch.program());
    List<byte[]> others = theirs.run(batch.program());
    Map<Integer, List<String>> differing = new LinkedHashMap<>();
    for (int i = 0; i < batch.sequences().size(); i++) {
      coverage.trapped(batch.outcome(i, mine).trapCauses());
      List<String> differences = differences(batch, i, mine, others);
      if (!differences.isEmpty()) {
        differing.put(i, differences);
      }
    }
    return differing;
  }

  private List<String> differences(
      SequenceBatch batch, int index, List<byte[]> mine, List<byte[]> others) {
    Allowance allowance = known.in(batch.program());
    return batch.outcome(index, mine).differences(batch.outcome(index, others), allowance);
  }

  /** The sequence up to the first instruction that makes a difference. */
  private Sequence shorten(Sequence sequence) throws Exception {
    List<Sequence> prefixes =
        IntStream.rangeClosed(0, sequence.code().size()).mapToObj(sequence::prefix).toList();
    return differing(new SequenceBatch(prefixes, xlen)).keySet().stream()
        .findFirst()
        .map(prefixes::get)
        .orElse(sequence);
  }

  /** The instruction that makes the difference. */
  private String culprit(Sequence prefix) {
    int last = lastReal(prefix);
    if (prefix.without(last).equals(prefix)) {
      return "what the sequence starts from";
    }
    int pattern = RiscvDecoder.match(prefix.code().get(last), features);
    return pattern < 0 ? "an illegal instruction" : RiscvPatterns.name(pattern);
  }

  private static int lastReal(Sequence prefix) {
    int last = prefix.code().size() - 1;
    while (last > 0 && prefix.without(last).equals(prefix)) {
      last--;
    }
    return last;
  }

  /** Takes away what does not matter. */
  private Sequence thin(Sequence sequence) throws Exception {
    List<Sequence> candidates =
        IntStream.range(0, sequence.code().size()).mapToObj(sequence::without).toList();
    Sequence thinned = sequence;
    for (int index : differing(new SequenceBatch(candidates, xlen)).keySet()) {
      Sequence candidate = thinned.without(index);
      // Without its fence a sequence would show what needs no fence.
      int pattern = RiscvDecoder.match(thinned.code().get(index), features);
      boolean fence = pattern == RiscvPatterns.SFENCE_VMA || pattern == RiscvPatterns.SINVAL_VMA;
      if (!fence
          && !candidate.equals(thinned)
          && !differing(new SequenceBatch(List.of(candidate), xlen)).isEmpty()) {
        thinned = candidate;
      }
    }
    return thinned;
  }

  private String report(String culprit, Sequence sequence, String repeat) throws Exception {
    var batch = new SequenceBatch(List.of(sequence), xlen);
    List<byte[]> mine = ours.run(batch.program());
    List<byte[]> others = theirs.run(batch.program());
    var text = new StringBuilder();
    text.append("%nDifferent: %s%nTo repeat: %s%n".formatted(culprit, repeat));
    text.append("sequence %d from mode %d%n".formatted(sequence.seed(), sequence.privilege()));
    text.append(sequence.disassembly(batch.codeAddress(0), features));
    text.append("registers before:\n");
    for (int i = 0; i < 32; i++) {
      long x = batch.value(0, sequence.x().get(i));
      text.append("  x%-2d %016x  f%-2d %016x%n".formatted(i, x, i, sequence.f().get(i)));
    }
    for (int csr : sequence.csrs().keySet()) {
      String name = SequenceBatch.csrName(csr);
      text.append("  %-10s %016x%n".formatted(name, batch.csr(0, csr)));
    }
    text.append("%-16s %-16s %-16s%n".formatted("differences", ours.name(), theirs.name()));
    differences(batch, 0, mine, others).forEach(d -> text.append(d).append('\n'));
    return text.toString();
  }
}
