package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.R14;
import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RBP;
import static dev.kasuari.tcg.x86_64.Gpr.RBX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;

import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.Emitter;
import dev.kasuari.tcg.ir.FlagCond;
import dev.kasuari.tcg.ir.InstructionMap;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Emits one unit: operations in order, then what is rarely run. A 32-bit value sits in the low half
 * of its register or slot; what is above it means nothing. Flags are as {@link FlagsCode} keeps
 * them.
 *
 * <p>Inside code, RBP is the guest state at {@link EngineState#ANCHOR}, RBX the virtual address of
 * the page in which the unit begins, R14 the number of instructions retired; RAX, RCX and RDX are
 * scratch; the others hold values ({@link Registers#POOL}). MXCSR is the guest's.
 */
final class CodeGenerator {
  private static final Gpr[] OPERANDS = {RAX, RDX, RCX};

  /** Chaining slots of a unit. */
  private static final int SLOTS = 2;

  final IrUnit unit;
  final Assembler a;
  final Registers registers;
  final CpuFeatures features;
  final boolean severalCpus;

  final Stubs stubs;
  private final FloatCode floats;
  private final IntegerCode integers;
  private final FlagsCode flags;
  private final MemoryCode memory;
  private final int pageOffset;
  private final int[] instructions;
  private final Label[] blocks;
  private final int[] opStarts;

  /** Blocks whose jump is done by the branch that leads to them. */
  private final boolean[] followed;

  /** How many edges lead to each block. */
  private final int[] edges;

  private final List<Runnable> cold = new ArrayList<>();
  private final Sites sites = new Sites();
  private final int[] chainPatch = {-1, -1};
  private final Label[] chainExit = new Label[SLOTS];
  private int pollBranch;

  /**
   * @param a where to, empty
   * @param pageOffset where in its page the unit begins
   */
  CodeGenerator(IrUnit unit, Assembler a, int pageOffset, Stubs stubs, CodeOptions options) {
    this.unit = unit;
    this.a = a;
    this.stubs = stubs;
    this.pageOffset = pageOffset;
    this.features = options.features();
    this.severalCpus = options.severalCpus();
    this.registers = new Registers(unit, a, pageOffset);
    this.floats = new FloatCode(a, options.environment(), features, stubs.flagTable());
    this.integers = new IntegerCode(this);
    this.flags = new FlagsCode(this);
    this.memory = new MemoryCode(this);
    this.instructions = InstructionMap.of(unit);
    this.blocks = new Label[unit.blocks()];
    this.opStarts = new int[unit.size()];
    this.followed = new boolean[unit.blocks()];
    this.edges = countEdges(unit);
    Arrays.fill(opStarts, -1);
    Arrays.setAll(blocks, block -> new Label());
  }

  /** Emits everything. */
  void run() {
    for (int block : layout()) {
      int i = unit.blockStart(block);
      if (instructions[i] == InstructionMap.UNREACHED) {
        continue;
      }
      if (followed[block]) {
        continue;
      }
      a.bind(blocks[block]);
      registers.enter(block);
      do {
        if (!registers.dead(i)) {
          opStarts[i] = a.length();
          registers.begin(i);
          operation(i);
          registers.end();
        }
      } while (!unit.op(i++).terminator());
    }
    for (int next = 0; next < cold.size(); next++) {
      cold.get(next).run();
    }
    floats.emitCold();
    a.align(16);
    sites.trim();
  }

  private static int[] countEdges(IrUnit unit) {
    int[] edges = new int[unit.blocks()];
    for (int i = 0; unit.blocks() > 1 && i < unit.size(); i++) {
      if (unit.op(i).terminator() && unit.target(i) != IrUnit.NONE) {
        edges[unit.target(i)]++;
        if (unit.otherTarget(i) != IrUnit.NONE) {
          edges[unit.otherTarget(i)]++;
        }
      }
    }
    return edges;
  }

  /** The blocks as they follow each other in the unit. */
  private int[] layout() {
    if (unit.blocks() == 1) {
      return new int[1];
    }
    return IntStream.range(0, unit.blocks())
        .boxed()
        .sorted(Comparator.comparingInt(unit::blockStart))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Slots of the frame that the code uses. */
  int frameSlots() {
    return registers.slots();
  }

  /** Fills in the number of the code at its sites, which is how Java knows it again. */
  void number(int number) {
    byte[] code = a.code();
    for (int site = 0; site < sites.count(); site++) {
      for (int b = 0; b < 4; b++) {
        code[sites.end(site) + b] = (byte) (number >> (8 * b));
      }
    }
  }

  /** The finished code, once it is known where it is. */
  X86Code finish(CodeSpace space, int number, long entry) {
    return new X86Code(
        space,
        number,
        unit,
        pageOffset,
        entry,
        a.length(),
        sites,
        new X86Code.Patches(pollBranch, chainPatch[0], home(0), chainPatch[1], home(1)),
        opStarts,
        instructions);
  }

  private int home(int slot) {
    return chainPatch[slot] < 0 ? -1 : chainExit[slot].position;
  }

  private void operation(int i) {
    Op op = unit.op(i);
    switch (op) {
      case UNIT_START -> unitStart(i);
      case INSN_START, CONST -> {}
      case PC -> address(i);
      case GET -> registers.get(unit.result(i), unit.immediate(i));
      case SET -> registers.set(unit.immediate(i), unit.argument(i, 0));
      case SETCOND -> setcond(i);
      case SELECT -> select(i);
      case ADDF, ADCF, SUBF, SBBF, LOGICF, FLAGS_SETCOND -> flags.operation(i);
      case LOAD, STORE, CAS, RMW, LL, SC, PROBE, FENCE -> memory.operation(i);
      case CALL -> {
        registers.leaveState();
        inJava(i);
      }
      case BR -> {
        registers.leaveBlock();
        edge(i, unit.target(i), 0);
      }
      case BRCOND -> {
        registers.leaveBlock();
        branch(i, compare(i));
      }
      case BRFLAGS -> {
        registers.leaveBlock();
        branch(i, flags.condition(i, FlagCond.of((int) unit.immediate(i))));
      }
      case GOTO -> goTo(i);
      case JUMP -> {
        registers.leaveBlock();
        registers.copyTo(RAX, unit.argument(i, 0));
        jump(i);
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

  /** An address that is too far away to be a constant of {@link Registers}. */
  private void address(int i) {
    long distance = unit.immediate(i) + pageOffset;
    if (unit.immediate(i) != (int) unit.immediate(i)) {
      Gpr d = define(i);
      a.mov(RAX, distance);
      a.lea(d, new Mem(RBX, RAX, 0));
    }
  }

  // ---- leaving ---------------------------------------------------------------------------------

  /** Code that is rarely run, emitted behind the rest. */
  void later(Runnable emission) {
    cold.add(emission);
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
    sites.add(a.length(), i, recoveryFrom, recoveryTo);
    a.data32(0);
  }

  private void unitStart(int i) {
    a.alu(Alu.CMP, BITS_32, state(EngineState.POLL), 0);
    var polled = new Label();
    pollBranch = a.length();
    assert (pollBranch & 1) == 0;
    a.j(Cc.NE, polled);
    a.alu(Alu.ADD, BITS_64, R14, (int) unit.immediate(i));
    later(() -> {
      a.bind(polled);
      callOut(i, stubs.leave());
    });
  }

  /** Those behind the current instruction were counted and did not run. */
  private void uncount(int i) {
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
    int recoveryTo = sites.recovery().size();
    later(() -> {
      a.bind(slow);
      for (int p = 0; p < operands.length; p++) {
        a.mov(BITS_64, OPERANDS[p], operands[p]);
      }
      callOut(i, stubs.exit(), recoveryFrom, recoveryTo);
      takeResults(results);
      a.jmp(done);
    });
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
    int count = unit.op(i).results().length();
    Gpr[] results = new Gpr[count];
    // First: making room for the results may write to the state, by way of RAX.
    for (int r = 0; r < count; r++) {
      results[r] = registers.define(unit.result(i) + r);
    }
    for (int p = unit.argumentCount(i) - 1; p >= OPERANDS.length; p--) {
      registers.copyTo(RAX, unit.argument(i, p));
      a.store(8, state(ExitRecord.operand(p)), RAX);
    }
    for (int p = 0; p < Math.min(unit.argumentCount(i), OPERANDS.length); p++) {
      registers.copyTo(OPERANDS[p], unit.argument(i, p));
    }
    int from = snapshot();
    callOut(i, stubs.exit(), from, sites.recovery().size());
    takeResults(results);
  }

  // ---- conditions ------------------------------------------------------------------------------

  private Cc compare(int i) {
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

  // ---- from unit to unit -----------------------------------------------------------------------

  private void goTo(int i) {
    registers.leaveBlock();
    uncount(i);
    int slot = unit.auxiliary(i);
    long distance = unit.immediate(i) + pageOffset;
    if (slot == Emitter.NO_LINK || chainPatch[slot] >= 0) {
      if (distance == (int) distance) {
        a.lea(RAX, Mem.at(RBX, (int) distance));
      } else {
        a.mov(RAX, distance);
        a.alu(Alu.ADD, BITS_64, RAX, RBX);
      }
      lookUp(i);
      return;
    }
    var home = new Label();
    chain(i, a.patchableJmp(home), home);
  }

  /** The jump that ends before {@code patch} may lead to another unit, and leads out meanwhile. */
  private void chain(int i, int patch, Label home) {
    int slot = unit.auxiliary(i);
    chainPatch[slot] = patch;
    chainExit[slot] = home;
    later(() -> {
      a.bind(home);
      callOut(i, stubs.leave());
    });
  }

  /** Whether nothing is in a block but a jump to another unit that can be chained. */
  private boolean onlyChains(int block) {
    int i = unit.blockStart(block);
    return unit.op(i) == Op.GOTO
        && unit.parameterCount(block) == 0
        && instructions[i] == unit.instructions().size() - 1
        && unit.auxiliary(i) != Emitter.NO_LINK
        && chainPatch[unit.auxiliary(i)] < 0
        && edges[block] == 1;
  }

  private void jump(int i) {
    uncount(i);
    lookUp(i);
  }

  /** To the code for the address in RAX if the jump table has it. */
  private void lookUp(int i) {
    var miss = new Label();
    a.mov(BITS_32, RCX, RAX);
    a.shift(Shift.SHR, BITS_32, RCX, JumpTable.FOLD);
    a.alu(Alu.XOR, BITS_32, RCX, RAX);
    a.shift(Shift.SHL, BITS_32, RCX, JumpTable.SHIFT);
    a.alu(Alu.AND, BITS_32, RCX, JumpTable.OFFSET_MASK);
    a.alu(Alu.ADD, BITS_64, RCX, state(ExitRecord.JUMPS));
    a.alu(Alu.CMP, BITS_64, RAX, Mem.at(RCX, JumpTable.ADDRESS));
    a.j(Cc.NE, miss);
    a.load(8, RDX, state(ExitRecord.CONTEXT));
    a.alu(Alu.CMP, BITS_64, RDX, Mem.at(RCX, JumpTable.CONTEXT));
    a.j(Cc.NE, miss);
    a.mov(BITS_64, RBX, RAX);
    a.alu(Alu.AND, BITS_64, RBX, -4096);
    a.jmp(Mem.at(RCX, JumpTable.CODE));
    later(() -> {
      a.bind(miss);
      callOut(i, stubs.leave());
    });
  }

  // ---- branches inside -------------------------------------------------------------------------

  private void branch(int i, Cc cc) {
    int taken = unit.target(i);
    int otherwise = unit.otherTarget(i);
    int passed = unit.op(i).fixedOperands();
    if (onlyChains(taken)) {
      var home = new Label();
      int jump = unit.blockStart(taken);
      opStarts[jump] = a.length();
      followed[taken] = true;
      chain(jump, a.patchableJ(cc, home), home);
      edge(i, otherwise, passed);
    } else if (unit.parameterCount(taken) == 0) {
      a.j(cc, blocks[taken]);
      edge(i, otherwise, passed);
    } else {
      var takenEdge = new Label();
      a.j(cc, takenEdge);
      edge(i, otherwise, passed + unit.parameterCount(taken));
      a.bind(takenEdge);
      edge(i, taken, passed);
    }
  }

  /** Gives a block's parameters their values, all at once, and goes there. */
  private void edge(int i, int block, int first) {
    int count = unit.parameterCount(block);
    int parameter = unit.firstParameter(block);
    Mem[] staged = new Mem[count];
    for (int p = 0; p < count; p++) {
      Mem to = registers.frame(parameter + p);
      staged[p] = readLater(i, block, first, p) ? registers.temporary() : to;
      registers.copyTo(RAX, unit.argument(i, first + p));
      a.store(8, staged[p], RAX);
    }
    for (int p = 0; p < count; p++) {
      Mem to = registers.frame(parameter + p);
      if (!staged[p].equals(to)) {
        a.load(8, RAX, staged[p]);
        a.store(8, to, RAX);
      }
    }
    if (!nextEmitted(i, block)) {
      a.jmp(blocks[block]);
    }
  }

  /** Whether a block is what is emitted after this operation. */
  private boolean nextEmitted(int i, int block) {
    return unit.otherTarget(i) == IrUnit.NONE
        ? unit.blockStart(block) == i + 1
        : unit.blockStart(block) == i + 1 && unit.parameterCount(unit.target(i)) == 0;
  }

  /** Whether parameter {@code p} is itself the value that a later parameter gets. */
  private boolean readLater(int i, int block, int first, int p) {
    int parameter = unit.firstParameter(block) + p;
    for (int q = p + 1; q < unit.parameterCount(block); q++) {
      if (unit.argument(i, first + q) == parameter) {
        return true;
      }
    }
    return false;
  }

  /** Whether a value is of 32 bits. */
  boolean narrow(int value) {
    return unit.valueType(value) == Type.I32;
  }
}
