package dev.kasuari.it;

import static dev.kasuari.it.PrivilegedCsrs.*;

import dev.kasuari.it.Word.Base;
import dev.kasuari.target.riscv.asm.Reg;
import dev.kasuari.target.riscv.isa.RiscvEncoder;
import dev.kasuari.target.riscv.isa.RiscvPatterns;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeMap;

/** CSRs, translation, protection, delegation, interrupts, and ways from one mode to another. */
final class PrivilegedSetting implements Setting {
  /** Those that come in groups alone. */
  static final Set<String> GROUPED =
      Set.of(
          "csrrw",
          "csrrs",
          "csrrc",
          "csrrwi",
          "csrrsi",
          "csrrci",
          "mret",
          "sret",
          "wfi",
          "sfence.vma",
          "sinval.vma",
          "sfence.w.inval",
          "sfence.inval.ir");

  private static final int ATOMICS = 2;

  /** The last {@link #ATOMICS} are AMOs. */
  private static final int[] ACCESSES = {
    RiscvPatterns.LB,
    RiscvPatterns.LHU,
    RiscvPatterns.LW,
    RiscvPatterns.LD,
    RiscvPatterns.FLD,
    RiscvPatterns.SB,
    RiscvPatterns.SH,
    RiscvPatterns.SW,
    RiscvPatterns.SD,
    RiscvPatterns.FSW,
    RiscvPatterns.LR_D,
    RiscvPatterns.AMOADD_W,
    RiscvPatterns.AMOSWAP_D
  };

  private static final int MACHINE = 3;
  private static final int SUPERVISOR = 1;
  private static final int USER = 0;

  private static final int VALUES = 4;
  private static final int PROTECTED = 4;
  private static final long PMPCFG2_ALL = 0x1fL << 56;

  private final SplittableRandom random;
  private final QemuDifferences known;
  private final PrivilegedCsrs values;
  private final PageTables tables;
  private final int privilege;
  private final int lower;
  private final boolean descends;
  private final boolean overrides;
  private final int scheme;
  private final int space;
  private final boolean spaceFences;
  private final boolean trapsMemory;
  private final boolean trapsReturn;
  private final boolean trapsWait;
  private final boolean frozen;
  private final boolean atomics;
  private final boolean protects;
  private final boolean holes;

  /** The mode that the code behind the last group is in, unless it jumps. */
  private int mode;

  private final int[] csrs = new int[VALUES];
  private final int[] valueRegisters = new int[VALUES];
  private final int[] pages = new int[2];
  private final int[] pointers = new int[2];
  private int entryRegister;
  private int leafRegister;
  private int satpRegister;
  private int spaceRegister;
  private int protectionRegister;

  PrivilegedSetting(SplittableRandom random, QemuDifferences known) {
    this.random = random;
    this.known = known;
    privilege = new int[] {USER, USER, SUPERVISOR, SUPERVISOR, MACHINE, MACHINE}[random.nextInt(6)];
    mode = privilege;
    lower = privilege == MACHINE ? random.nextInt(2) : privilege;
    descends = privilege == MACHINE && random.nextBoolean();
    overrides = !known.confusesPrivilegeOverride();
    values = new PrivilegedCsrs(random, known, overrides);
    scheme =
        new int[] {0, PageTables.SV39, PageTables.SV39, PageTables.SV48, PageTables.SV57}
            [random.nextInt(5)];
    space = random.nextInt(4) == 0 ? 0 : random.nextInt(0x10000);
    spaceFences = random.nextInt(3) == 0;
    trapsMemory = random.nextInt(4) == 0;
    trapsReturn = random.nextInt(3) == 0;
    trapsWait = privilege != MACHINE && random.nextBoolean();
    frozen = random.nextInt(3) == 0;
    boolean always = !known.readsBeforeTranslatingStore();
    atomics = !known.mistakesAmos() && (always || random.nextInt(3) == 0);
    protects = random.nextInt(3) == 0 && (always || !atomics);
    holes = random.nextInt(3) == 0 && (always || !atomics);
    boolean reserved = !known.ignoresReservedBits();
    int narrowest = random.nextBoolean() ? scheme : PageTables.SV39;
    tables =
        new PageTables(
            random,
            lower == USER,
            !spaceFences,
            narrowest,
            holes,
            reserved,
            !known.executesUserPages());
  }

  @Override
  public int privilege() {
    return privilege;
  }

  @Override
  public boolean suits(int pattern) {
    String name = RiscvPatterns.name(pattern);
    // There is floating point enough elsewhere.
    boolean skipped = name.startsWith("f") && pattern % 4 != 0;
    boolean storeConditional = name.startsWith("sc.") && known.faultsWithoutReservation();
    boolean atomic = name.startsWith("amo") && !atomics;
    boolean breakpoint = name.endsWith("ebreak") && known.hidesBreakpoints();
    return !(GROUPED.contains(name) || skipped || storeConditional || atomic || breakpoint);
  }

  @Override
  public void reserve(Operands operands) {
    operands.reserve(Reg.RA);
  }

  @Override
  public void claim(Operands operands) {
    for (int i = 0; i < VALUES; i++) {
      csrs[i] = values.written(mode == USER ? SUPERVISOR : mode);
      valueRegisters[i] = operands.claim(values.value(csrs[i]));
    }
    for (int i = 0; i < pointers.length; i++) {
      pages[i] = random.nextInt(PageTables.COUNT);
      boolean aligned = (protects || holes) && known.translatesPagesFirst();
      boolean odd = random.nextInt(4) == 0 && !aligned;
      long within = odd ? random.nextInt(4096) : random.nextInt(512) * 8L;
      pointers[i] = operands.claimPointer(Word.of(tables.address(pages[i]) + within), aligned);
    }
    int other = spaceFences ? space : random.nextInt(0x10000);
    entryRegister = operands.claim(PageTables.entryAddress(tables.first()));
    leafRegister = operands.claim(tables.leaf());
    satpRegister = operands.claim(PageTables.satp(someScheme(), other));
    spaceRegister = operands.claim(Word.of(space));
    if (privilege == MACHINE) {
      protectionRegister = operands.claim(Word.of(protections()));
    }
  }

  /** Also such as do not exist, which leave everything as it was. */
  private int someScheme() {
    int[] schemes = {0, 0, PageTables.SV39, PageTables.SV48, PageTables.SV57, 1, 7, 11, 15};
    return schemes[random.nextInt(schemes.length)];
  }

  // ---- groups ----------------------------------------------------------------------------------

  @Override
  public void addGroup(SequenceGenerator s) {
    switch (random.nextInt(40)) {
      case 0, 1, 2, 3, 4, 5, 6 -> access(s);
      case 7, 8 -> fetch(s);
      case 9, 10, 11, 12, 13, 14 -> writeCsr(s);
      case 15, 16 -> s.add(values.writeImmediate(destination(s), mode == USER ? 1 : mode));
      case 17, 18, 19 -> s.add(values.read(destination(s), mode));
      case 20, 21, 22 -> changeLeaf(s);
      case 23 -> changeScheme(s);
      case 24 -> fence(s);
      case 25 -> leaveMachine(s);
      case 26 -> leaveSupervisor(s);
      case 27 -> protect(s);
      case 28 -> await(s);
      case 29 -> count(s);
      case 30 -> s.add(RiscvEncoder.ecall());
      default -> {}
    }
  }

  private int destination(SequenceGenerator s) {
    return s.operands().destination(1, 31);
  }

  private int pointer() {
    return pointers[random.nextInt(pointers.length)];
  }

  private void access(SequenceGenerator s) {
    s.addAccess(accessPattern(), pointer());
  }

  private int accessPattern() {
    return ACCESSES[random.nextInt(ACCESSES.length - (atomics ? 0 : ATOMICS))];
  }

  /** Calls into one of the pages; a fault returns as a call would. */
  private void fetch(SequenceGenerator s) {
    s.addJumpAddress(2);
    s.addNext(RiscvEncoder.addi(Reg.RA, s.operands().jumpRegister(), 0));
    s.addNext(RiscvEncoder.jalr(0, pointer(), random.nextInt(-1024, 1024) * 2));
  }

  private void writeCsr(SequenceGenerator s) {
    if (mode == USER && random.nextInt(4) != 0) {
      access(s);
      return;
    }
    int i = random.nextInt(VALUES);
    s.add(values.write(destination(s), csrs[i], valueRegisters[i]));
    if (random.nextBoolean()) {
      s.add(RiscvEncoder.csrrs(values.isUnlike(csrs[i]) ? 0 : destination(s), csrs[i], 0));
    }
  }

  /** Changes the entry of a page, fences it as little as is enough, and accesses it. */
  private void changeLeaf(SequenceGenerator s) {
    boolean fencing = privilege == SUPERVISOR ? !trapsMemory : privilege == MACHINE && !descends;
    if (!fencing) {
      access(s);
      return;
    }
    int i = random.nextInt(pages.length);
    s.add(RiscvEncoder.sd(entryRegister, leafRegister, 8 * pages[i]));
    int address = random.nextBoolean() ? pointers[i] : 0;
    int space = spaceFences ? spaceRegister : 0;
    if (random.nextInt(3) == 0 && privilege == MACHINE) {
      s.addNext(RiscvEncoder.sfenceWInval());
      s.addNext(RiscvEncoder.sinvalVma(address, space));
      s.addNext(RiscvEncoder.sfenceInvalIr());
    } else {
      s.addNext(RiscvEncoder.sfenceVma(address, space));
    }
    s.addAccess(accessPattern(), pointers[i]);
  }

  private void changeScheme(SequenceGenerator s) {
    s.add(RiscvEncoder.csrrw(destination(s), SATP, satpRegister));
    s.addNext(RiscvEncoder.sfenceVma(0, 0));
  }

  private void fence(SequenceGenerator s) {
    int address = random.nextBoolean() ? 0 : random.nextInt(32);
    int space = random.nextBoolean() ? 0 : random.nextInt(32);
    // Users are not among those who may, but for QEMU.
    boolean legal = privilege == MACHINE && !descends;
    switch (random.nextInt(legal ? 0 : known.hidesIllegalInvalidation() ? 3 : 2, 5)) {
      case 0 -> s.add(RiscvEncoder.sfenceWInval());
      case 1 -> s.add(RiscvEncoder.sfenceInvalIr());
      case 2 -> s.add(RiscvEncoder.sinvalVma(address, space));
      default -> s.add(RiscvEncoder.sfenceVma(address, space));
    }
  }

  private void leaveMachine(SequenceGenerator s) {
    if (mode == MACHINE && !descends) {
      return;
    }
    s.addJumpAddress(2);
    s.addNext(RiscvEncoder.csrrw(0, MEPC, s.operands().jumpRegister()));
    s.addNext(RiscvEncoder.mret());
    mode = Math.min(mode, lower);
  }

  private void leaveSupervisor(SequenceGenerator s) {
    if (mode == MACHINE && !descends) {
      return;
    }
    s.addJumpAddress(2);
    s.addNext(RiscvEncoder.csrrw(0, SEPC, s.operands().jumpRegister()));
    s.addNext(RiscvEncoder.sret());
    mode = Math.min(mode, lower);
  }

  private void protect(SequenceGenerator s) {
    if (privilege == MACHINE && protects) {
      s.add(RiscvEncoder.csrrw(destination(s), PMPCFG0, protectionRegister));
      s.addNext(RiscvEncoder.sfenceVma(0, 0));
    }
  }

  /**
   * Only where it is an exception: nothing would end it. A supervisor's handler that cannot return
   * is left in its own mode.
   */
  private void await(SequenceGenerator s) {
    if (trapsWait || (privilege == USER && !trapsReturn)) {
      s.addPattern(RiscvPatterns.WFI);
    }
  }

  /** Counters that stand still are like any register. */
  private void count(SequenceGenerator s) {
    if (privilege == MACHINE && !descends && frozen) {
      boolean cycle = random.nextBoolean();
      s.add(RiscvEncoder.csrrw(0, cycle ? MCYCLE : MINSTRET, random.nextInt(32)));
      s.addNext(RiscvEncoder.csrrs(destination(s), cycle ? 0xc00 : 0xc02, 0));
    }
  }

  // ---- what it starts from ---------------------------------------------------------------------

  @Override
  public Map<Integer, Word> csrs() {
    Map<Integer, Word> map = new TreeMap<>();
    map.put(SequenceBatch.FCSR, Word.of(UserSetting.fcsr(random)));
    map.put(MSTATUS, Word.of(status()));
    map.put(MENVCFG, values.environment());
    map.put(MCOUNTEREN, values.value(MCOUNTEREN));
    map.put(SCOUNTEREN, values.value(SCOUNTEREN));
    map.put(MCOUNTINHIBIT, Word.of(frozen ? 5 : 0));
    map.put(STVEC, Word.at(Base.SUPERVISOR_HANDLER, random.nextInt(2)));
    map.put(MTVEC, Word.at(Base.MACHINE_HANDLER, random.nextInt(2)));
    map.put(SATP, scheme == 0 ? Word.of(0) : PageTables.satp(scheme, space));
    for (int csr : new int[] {MEDELEG, MIDELEG, MIP, MIE, SENVCFG, STIMECMP, STVAL, MTVAL}) {
      if (random.nextBoolean()) {
        map.put(csr, values.value(csr));
      }
    }
    protect(map);
    return map;
  }

  private long status() {
    long bits = SUM | MXR | (overrides ? MPRV : 0) | SPP | 0xa2;
    return (random.nextLong() & bits)
        | (trapsMemory ? TVM : 0)
        | (trapsReturn ? TSR : 0)
        | (trapsWait ? TW : 0)
        | (random.nextInt(8) == 0 ? 0 : FS);
  }

  /** Everything but what the first entries say is allowed. */
  private void protect(Map<Integer, Word> map) {
    map.put(PMPCFG0, Word.of(protects ? protections() : 0));
    map.put(PMPCFG0 + 2, Word.of(PMPCFG2_ALL));
    map.put(PMPADDR0 + 15, Word.of(-1L >>> 10));
    for (int i = 0; i < PROTECTED; i++) {
      int size = random.nextInt(3) == 0 ? random.nextInt(3, 12) : 12;
      map.put(
          PMPADDR0 + i,
          PageTables.protect(tables.somewhere(!known.updatesUnprotected()) & -1L << size, size));
    }
  }

  /** Configurations of the first entries, none of them locked. */
  private long protections() {
    long configurations = 0;
    for (int i = 0; i < PROTECTED; i++) {
      // From address zero on is the runtime too, so the first does not say up to where.
      int matching = random.nextInt(3) == 0 ? random.nextInt(i == 0 ? 2 : 0, 4) : 3;
      // Write without read is reserved.
      int permissions = new int[] {0, 1, 3, 4, 5, 7}[random.nextInt(6)];
      long configuration = (long) matching << 3 | permissions;
      configurations |= configuration << (8 * i);
    }
    return configurations;
  }

  @Override
  public List<List<Word>> pages() {
    return tables.pages();
  }

  @Override
  public boolean faults() {
    return true;
  }

  @Override
  public boolean returning() {
    return true;
  }
}
