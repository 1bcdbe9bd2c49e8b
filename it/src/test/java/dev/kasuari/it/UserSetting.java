package dev.kasuari.it;

import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** Any mode, without translation or delegation: what user-level instructions do. */
final class UserSetting implements Setting {
  private static final int SENVCFG = 0x10a;
  private static final int MIE = 0x304;
  private static final int MENVCFG = 0x30a;
  private static final int MIP = 0x344;
  private static final int SSIP = 2;

  /** Those that change the mode, which a user-level sequence does not do. */
  private static final Set<Integer> RETURNS = Set.of(RiscvPatterns.MRET, RiscvPatterns.SRET);

  private final SplittableRandom random;
  private final QemuDifferences known;
  private final int privilege;

  UserSetting(SplittableRandom random, QemuDifferences known) {
    this.random = random;
    this.known = known;
    privilege = random.nextBoolean() ? 3 : random.nextInt(2);
  }

  @Override
  public int privilege() {
    return privilege;
  }

  @Override
  public boolean suits(int pattern) {
    return privilege == 0
        ? !known.letsUsersInvalidate(pattern)
        : !(RETURNS.contains(pattern) || (privilege == 1 && pattern == RiscvPatterns.WFI));
  }

  @Override
  public void reserve(Operands operands) {}

  @Override
  public void claim(Operands operands) {
    operands.addNowhere();
  }

  @Override
  public void addGroup(SequenceGenerator sequence) {}

  @Override
  public Map<Integer, Word> csrs() {
    Map<Integer, Word> csrs = new TreeMap<>();
    csrs.put(SequenceBatch.FCSR, Word.of(fcsr(random)));
    csrs.put(SequenceBatch.MSTATUS, Word.of(fs() << 13));
    // With an interrupt pending and enabled, but masked, wfi goes on at once.
    csrs.put(MIP, Word.of(SSIP));
    csrs.put(MIE, Word.of(privilege == 3 ? SSIP : 0));
    csrs.put(MENVCFG, Word.of(known.cacheBlocks(random)));
    csrs.put(SENVCFG, Word.of(known.cacheBlocks(random)));
    return csrs;
  }

  private long fs() {
    return switch (random.nextInt(20)) {
      case 0 -> 0;
      case 1, 2 -> 1;
      case 3, 4 -> 2;
      default -> 3;
    };
  }

  static long fcsr(SplittableRandom random) {
    int rm = random.nextInt(16) == 0 ? random.nextInt(8) : random.nextInt(5);
    return (long) rm << 5 | (random.nextBoolean() ? 0 : random.nextInt(32));
  }

  @Override
  public List<List<Word>> pages() {
    return List.of();
  }

  @Override
  public boolean faults() {
    return false;
  }

  @Override
  public boolean returning() {
    return false;
  }
}
