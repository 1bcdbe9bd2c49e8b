package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.R14;
import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RBP;
import static dev.kasuari.tcg.x86_64.Gpr.RBX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;

import dev.kasuari.tcg.CodeImage;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.GuestInstruction;
import dev.kasuari.tcg.ir.InstructionMap;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Emits one unit: operations in order, then what is rarely run. A 32-bit value sits in the low half
 * of its register or slot; what is above it means nothing. Flags are as {@link FlagsCode} keeps
 * them.
 *
 * <p>Inside code, RBP is the guest state at {@link EngineState#ANCHOR}, RBX the virtual address of
 * the page in which the unit begins, R14 the number of instructions retired; RAX, RCX and RDX are
 * scratch; the others hold values ({@link Registers#POOL}). MXCSR is the guest's.
 */
final class CodeGenerator implements Unplaced {
  private static final Gpr[] OPERANDS = {RAX, RDX, RCX};

  private static final long[] NO_WORDS = {};

  final Assembler a = new Assembler();
  final Registers registers = new Registers(a);
  final CpuFeatures features;
  final boolean severalCpus;
  private final CodeOptions options;
  final Stubs stubs;
  private final FloatCode floats;
  private final VectorCode vectors;
  private final IntegerCode integers;
  private final FlagsCode flags;
  private final MemoryCode memory;
  private final FlowCode flow;
  private final Sites sites = new Sites();
  private final List<Runnable> cold = new ArrayList<>();

  /** The unit being emitted; where in its page it begins. */
  private IrUnit unit = IrUnit.EMPTY;

  private int pageOffset;

  /** For each operation, the guest instruction it belongs to and the offset of its code, or −1. */
  private int[] instructions = new int[0];

  private int[] opStarts = new int[0];

  private int pollBranch;

  /** For one unit after another, in one thread at a time. */
  CodeGenerator(Stubs stubs, CodeOptions options) {
    this.stubs = stubs;
    this.options = options;
    this.features = options.features();
    this.severalCpus = options.severalCpus();
    this.floats = new FloatCode(a, options.environment(), features, stubs.flagTable());
    this.vectors = new VectorCode(a, features);
    this.integers = new IntegerCode(this);
    this.flags = new FlagsCode(this);
    this.memory = new MemoryCode(this);
    this.flow = new FlowCode(this);
  }

  /** The unit being emitted. */
  IrUnit unit() {
    return unit;
  }

  /** Where in its page the unit begins. */
  int pageOffset() {
    return pageOffset;
  }

  /** The guest instruction that an operation, emitted already, belongs to. */
  int instruction(int i) {
    return instructions[i];
  }

  /** An operation of another block is emitted here, with the one that leads to it. */
  void emitHere(int i, int with) {
    instructions[i] = instructions[with];
    opStarts[i] = a.length();
  }

  /** Whether flags hold, for a branch that looks at them. */
  Cc flagCondition(int i) {
    return flags.condition(i, FlagCond.of((int) unit.immediate(i)));
  }

  /**
   * Emits a unit into the assembler, from its start.
   *
   * @param offsetInPage where in its page the unit begins
   */
  void emit(IrUnit next, int offsetInPage) {
    begin(next, offsetInPage);
    int[] atEntry = InstructionMap.atEntries(unit);
    for (int n = 0; n < unit.blocks(); n++) {
      int block = flow.block(n);
      if (atEntry[block] != InstructionMap.UNREACHED && !flow.followed(block)) {
        emitBlock(block, atEntry);
      }
    }
    for (int n = 0; n < cold.size(); n++) {
      cold.get(n).run();
    }
    floats.emitCold();
    vectors.emitCold();
    a.align(16);
  }

  private void begin(IrUnit next, int offsetInPage) {
    unit = next;
    pageOffset = offsetInPage;
    a.reset();
    sites.reset();
    cold.clear();
    registers.begin(unit, pageOffset);
    if (opStarts.length < unit.size()) {
      opStarts = new int[2 * unit.size()];
      instructions = new int[2 * unit.size()];
    }
    Arrays.fill(opStarts, 0, unit.size(), -1);
    flow.begin();
  }

  private void emitBlock(int block, int[] atEntry) {
    flow.bind(block);
    registers.enter(block);
    int instruction = atEntry[block];
    int i = unit.blockStart(block);
    do {
      if (unit.op(i) == Op.INSN_START) {
        instruction = unit.auxiliary(i);
      } else if (!registers.dead(i)) {
        instructions[i] = instruction;
        opStarts[i] = a.length();
        registers.begin(i);
        operation(i);
        registers.end(i);
      }
    } while (!unit.op(i++).terminator());
  }

  /** Offset of each operation's code, or −1; slow paths come after all of them. */
  int[] opStarts() {
    return Arrays.copyOf(opStarts, unit.size());
  }

  /** Slots of the frame that the code uses. */
  int frameSlots() {
    return registers.slots();
  }

  @Override
  public int length() {
    return a.length();
  }

  @Override
  public byte[] place(long address, int number) {
    sites.number(a.code(), number);
    a.relocate(address);
    return a.code();
  }

  @Override
  public X86Code finish(CodeSpace space, int number, long entry) {
    return new X86Code(
        space,
        number,
        options,
        stubs,
        unit.helpers(),
        List.copyOf(unit.vectors()),
        words(),
        pageOffset,
        entry,
        a.length(),
        sites.copy(),
        pollBranch,
        flow.chain(0),
        flow.home(0),
        flow.chain(1),
        flow.home(1));
  }

  /** Fills an image, but of a unit that calls functions: these are objects of this run. */
  void save(CodeImage to) {
    if (unit.helpers().isEmpty()) {
      int[] places = {pollBranch, flow.chain(0), flow.home(0), flow.chain(1), flow.home(1)};
      MovedCode.save(to, stubs, a, sites, words(), unit.vectors(), places);
    }
  }

  /** What is put back besides the program counter; empty if nothing is. */
  private long[] words() {
    List<GuestInstruction> all = unit.instructions();
    for (int n = 0; n < all.size(); n++) {
      if (all.get(n).word() != 0) {
        return all.stream().mapToLong(GuestInstruction::word).toArray();
      }
    }
    return NO_WORDS;
  }

  private void operation(int i) {
    Op op = unit.op(i);
    switch (op) {
      case UNIT_START -> unitStart(i);
      case CONST -> registers.constant(unit.result(i), unit.immediate(i));
      case PC -> address(i);
      case GET -> registers.get(unit.result(i), unit.immediate(i));
      case SET -> registers.set(unit.immediate(i), unit.argument(i, 0));
      case SETCOND -> setcond(i);
      case SELECT -> select(i);
      case ADDF, ADCF, SUBF, SBBF, LOGICF, CMCF, FLAGS_MAKE, FLAGS_BITS, FLAGS_SETCOND ->
          flags.operation(i);
      case LOAD, STORE, LOAD2, STORE2, CAS, RMW, LL, SC, UNRESERVE, PROBE, FENCE ->
          memory.operation(i);
      case VECTOR -> {
        registers.vector(unit.vector(i));
        if (!vectors.emit(unit.vector(i))) {
          inJava(i);
        }
      }
      case HASH -> inStub(i, stubs.hash());
      case CALL -> {
        registers.leaveState();
        inJava(i);
      }
      case BR, BRCOND, BRFLAGS, GOTO, JUMP -> {
        registers.leaveBlock();
        flow.operation(i);
      }
      case EXIT -> {
        registers.leaveBlock();
        registers.copyTo(RAX, unit.argument(i, 0));
        uncount(i);
        callOut(i, stubs.leave());
      }
      case RAISE -> {
        registers.leaveBlock();
        registers.copyTo(RAX, unit.argument(i, 0));
        callOut(i, stubs.leave());
      }
      default -> {
        if (op.is(Op.Trait.FP) || op == Op.FCLASS) {
          floatingPoint(i);
        } else if (!integers.operation(i)) {
          inJava(i);
        }
      }
    }
  }

  // ---- operands --------------------------------------------------------------------------------

  Width width(int i) {
    return Width.of(unit.type(i));
  }

  Gpr use(int i, int position) {
    return registers.use(unit.argument(i, position));
  }

  Gpr define(int i) {
    return registers.define(unit.result(i));
  }

  Gpr defineFrom(int i, int position) {
    return registers.defineFrom(unit.result(i), unit.argument(i, position));
  }

  boolean immediate(int i, int position) {
    return registers.immediate(unit.argument(i, position));
  }

  int immediateValue(int i, int position) {
    return (int) registers.constant(unit.argument(i, position));
  }

  /** A place in the guest state. */
  static Mem state(int offset) {
    return Mem.at(RBP, offset - EngineState.ANCHOR);
  }

  /** An address; one that is too far away for {@link Registers} to know it is computed. */
  private void address(int i) {
    long distance = unit.immediate(i);
    if (distance == (int) distance) {
      registers.address(unit.result(i), (int) distance);
    } else {
      Gpr d = define(i);
      a.mov(RAX, distance + pageOffset);
      a.lea(d, new Mem(RBX, RAX, 0));
    }
  }

  // ---- leaving ---------------------------------------------------------------------------------

  /** Code that is rarely run, emitted behind the rest. */
  void later(Runnable emission) {
    cold.add(emission);
  }

  /** Leaves for good at a label. */
  void leaveLater(Label at, int i) {
    later(new Leaving(at, i));
  }

  /*
   * What is emitted later are objects of classes with names: making one of a lambda calls out of
   * the code of HotSpot's first compiler each time.
   */

  private final class Leaving implements Runnable {
    private final Label at;
    private final int i;

    Leaving(Label at, int i) {
      this.at = at;
      this.i = i;
    }

    @Override
    public void run() {
      a.bind(at);
      callOut(i, stubs.leave());
    }
  }

  private final class SlowPath implements Runnable {
    private final int i;
    private final Label slow;
    private final Label done;
    private final int recoveryFrom;
    private final int recoveryTo;
    private final Gpr[] operands;
    private final Gpr[] results;

    SlowPath(int i, Label slow, Label done, int recoveryFrom, Gpr[] operands, Gpr[] results) {
      this.i = i;
      this.slow = slow;
      this.done = done;
      this.recoveryFrom = recoveryFrom;
      this.recoveryTo = sites.recovery().size();
      this.operands = operands;
      this.results = results;
    }

    @Override
    public void run() {
      a.bind(slow);
      for (int p = 0; p < operands.length; p++) {
        a.mov(BITS_64, OPERANDS[p], operands[p]);
      }
      callOut(i, stubs.exit(), recoveryFrom, recoveryTo);
      takeResults(results);
      a.jmp(done);
    }
  }

  /** Marks where the state that memory lacks is listed for the sites that follow. */
  int snapshot() {
    int from = sites.recovery().size();
    registers.snapshot(sites.recovery());
    return from;
  }

  private void callOut(int i, long stub) {
    callOut(i, stub, 0, 0);
  }

  /** Calls a stub; the return address names the code, and in it the operation, to Java. */
  private void callOut(int i, long stub, int recoveryFrom, int recoveryTo) {
    a.call(stub);
    sites.add(a.length(), unit, i, Math.max(instructions[i], 0), recoveryFrom, recoveryTo);
    a.data32(0);
  }

  private void unitStart(int i) {
    a.alu(Alu.CMP, BITS_32, state(EngineState.POLL), 0);
    var polled = new Label();
    pollBranch = a.length();
    assert (pollBranch & 1) == 0;
    a.j(Cc.NE, polled);
    a.alu(Alu.ADD, BITS_64, R14, (int) unit.immediate(i));
    leaveLater(polled, i);
  }

  /** Those behind the current instruction were counted and did not run. */
  void uncount(int i) {
    int missing = unit.instructions().size() - (instructions[i] + 1);
    if (missing != 0) {
      a.alu(Alu.SUB, BITS_64, R14, missing);
    }
  }

  /**
   * Has Java do the operation where the fast way ends at {@code slow}: passes the operands, which
   * are in registers of the pool, and goes on at {@code done} with the results.
   */
  void slowPath(int i, Label slow, Label done, int recoveryFrom, Gpr[] operands, Gpr... results) {
    later(new SlowPath(i, slow, done, recoveryFrom, operands, results));
  }

  private void takeResults(Gpr... results) {
    if (results.length > 0) {
      a.mov(BITS_64, results[0], RAX);
    }
    if (results.length > 1) {
      a.load(8, results[1], state(ExitRecord.SECOND_RESULT));
    }
  }

  /** Passes the operands, has Java do the operation, and takes its results. */
  void inJava(int i) {
    int count = unit.op(i).resultCount();
    Gpr[] results = new Gpr[count];
    // First: making room for the results may write to the state, by way of RAX.
    for (int r = 0; r < count; r++) {
      results[r] = registers.define(unit.result(i) + r);
    }
    passOperands(i);
    int from = snapshot();
    callOut(i, stubs.exit(), from, sites.recovery().size());
    takeResults(results);
  }

  private void passOperands(int i) {
    for (int p = unit.argumentCount(i) - 1; p >= OPERANDS.length; p--) {
      registers.copyTo(RAX, unit.argument(i, p));
      a.store(8, state(ExitRecord.operand(p)), RAX);
    }
    for (int p = 0; p < Math.min(unit.argumentCount(i), OPERANDS.length); p++) {
      registers.copyTo(OPERANDS[p], unit.argument(i, p));
    }
  }

  /** Passes the operands to a stub that comes back with the result in RAX. */
  private void inStub(int i, long stub) {
    Gpr result = define(i);
    passOperands(i);
    a.call(stub);
    a.mov(BITS_64, result, RAX);
  }

  // ---- conditions ------------------------------------------------------------------------------

  /** Compares as a branch, a selection or a setting says; the flags are the host's. */
  Cc compare(int i) {
    Cond cond = Cond.of((int) unit.immediate(i));
    Width width = Width.of(unit.valueType(unit.argument(i, 0)));
    int second = unit.argument(i, 1);
    Gpr x = use(i, 0);
    boolean bits = cond == Cond.TSTEQ || cond == Cond.TSTNE;
    if (registers.immediate(second)) {
      int value = (int) registers.constant(second);
      if (bits) {
        a.test(width, x, value);
      } else if (value == 0) {
        a.test(width, x, x);
      } else {
        a.alu(Alu.CMP, width, x, value);
      }
    } else if (bits) {
      a.test(width, x, use(i, 1));
    } else {
      Mem y = registers.inMemory(second);
      if (y != null) {
        a.alu(Alu.CMP, width, x, y);
      } else {
        a.alu(Alu.CMP, width, x, use(i, 1));
      }
    }
    return Cc.of(cond);
  }

  private void setcond(int i) {
    Cc cc = compare(i);
    Gpr d = define(i);
    a.set(cc, RAX);
    a.zeroExtend(1, d, RAX);
  }

  private void select(int i) {
    Gpr taken = use(i, 2);
    Gpr otherwise = use(i, 3);
    Gpr d = define(i);
    Cc cc = compare(i);
    a.mov(BITS_64, d, otherwise);
    a.cmov(cc, BITS_64, d, taken);
  }

  // ---- floating point --------------------------------------------------------------------------

  private void floatingPoint(int i) {
    if (!floats.emits(unit, i)) {
      inJava(i);
      return;
    }
    Gpr[] operands = new Gpr[unit.argumentCount(i)];
    for (int p = 0; p < operands.length; p++) {
      operands[p] = use(i, p);
    }
    Gpr[] results = unit.result(i) == IrUnit.NONE ? new Gpr[0] : new Gpr[] {define(i)};
    var slow = new Label();
    floats.emit(unit, i, operands, results.length == 0 ? RAX : results[0], slow);
    if (floats.mayBeSlow(unit, i)) {
      var done = new Label();
      a.bind(done);
      slowPath(i, slow, done, sites.recovery().size(), operands, results);
    }
  }

  /** Whether a value is of 32 bits. */
  boolean narrow(int value) {
    return unit.valueType(value) == Type.I32;
  }
}
