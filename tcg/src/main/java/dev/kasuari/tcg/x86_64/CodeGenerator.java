package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Gpr.R13;
import static dev.kasuari.tcg.x86_64.Gpr.RAX;
import static dev.kasuari.tcg.x86_64.Gpr.RBP;
import static dev.kasuari.tcg.x86_64.Gpr.RBX;
import static dev.kasuari.tcg.x86_64.Gpr.RCX;
import static dev.kasuari.tcg.x86_64.Gpr.RDX;
import static dev.kasuari.tcg.x86_64.Width.BITS_32;
import static dev.kasuari.tcg.x86_64.Width.BITS_64;

import dev.kasuari.machine.cpu.StateLayout;
import dev.kasuari.softfloat.Rounding;
import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.SoftMmu;
import dev.kasuari.tcg.ir.Cond;
import dev.kasuari.tcg.ir.FpDesc;
import dev.kasuari.tcg.ir.InstructionMap;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * Emits one unit: operations in order, then the slow paths. A 32-bit value sits in the low half of
 * its register or slot; what is above it means nothing.
 */
final class CodeGenerator {
  private static final Gpr[] OPERANDS = {RAX, RDX, RCX};

  /** An infinity's bits without the sign, as those of any number, are less than a NaN's. */
  private static final long INFINITY_DOUBLED =
      2 * Double.doubleToRawLongBits(Double.POSITIVE_INFINITY);

  private final IrUnit unit;
  private final Stubs stubs;
  private final boolean hostFloat;
  private final Assembler a = new Assembler();
  private final Registers registers;
  private final int[] instructions;
  private final Label[] blocks;
  private final int[] opStarts;
  private final List<Runnable> slowPaths = new ArrayList<>();
  private int[] siteEnds = new int[16];
  private int[] siteOps = new int[16];
  private int sites;

  /**
   * @param hostFloat whether the host's arithmetic does what the guest's does, but for NaNs and for
   *     rounding modes that it does not have
   */
  CodeGenerator(IrUnit unit, int[] instructions, Stubs stubs, boolean hostFloat) {
    this.unit = unit;
    this.stubs = stubs;
    this.hostFloat = hostFloat;
    this.instructions = instructions;
    this.registers = new Registers(unit, a);
    this.blocks = new Label[unit.blocks()];
    this.opStarts = new int[unit.size()];
    Arrays.fill(opStarts, -1);
    Arrays.setAll(blocks, block -> new Label());
  }

  /** Emits everything. */
  void run() {
    for (int block = 0; block < unit.blocks(); block++) {
      int i = unit.blockStart(block);
      if (instructions[i] == InstructionMap.UNREACHED) {
        continue;
      }
      a.bind(blocks[block]);
      registers.enter(block);
      do {
        opStarts[i] = a.length();
        operation(i);
        registers.finish(i);
      } while (!unit.op(i++).terminator());
    }
    for (int next = 0; next < slowPaths.size(); next++) {
      slowPaths.get(next).run();
    }
    a.align(16);
  }

  Assembler assembler() {
    return a;
  }

  /** Slots of the frame that the code uses. */
  int frameSlots() {
    return registers.slots();
  }

  /** The finished code, once it is known where it is. */
  X86Code at(long entry) {
    return new X86Code(
        unit,
        entry,
        a.length(),
        Arrays.copyOf(siteEnds, sites),
        Arrays.copyOf(siteOps, sites),
        opStarts,
        instructions);
  }

  private void operation(int i) {
    Op op = unit.op(i);
    switch (op) {
      case UNIT_START -> unitStart(i);
      case INSN_START, CONST -> {}
      case PC -> a.lea(define(i), Mem.at(RBX, (int) unit.immediate(i)));
      case GET -> get(i);
      case SET -> set(i);
      case ADD -> alu(Alu.ADD, i);
      case SUB -> alu(Alu.SUB, i);
      case AND -> alu(Alu.AND, i);
      case OR -> alu(Alu.OR, i);
      case XOR -> alu(Alu.XOR, i);
      case ANDC -> andNot(i);
      case MUL -> multiply(i);
      case NOT -> a.not(width(i), defineFrom(i, 0));
      case NEG -> a.neg(width(i), defineFrom(i, 0));
      case SHL -> shift(Shift.SHL, i);
      case SHR -> shift(Shift.SHR, i);
      case SAR -> shift(Shift.SAR, i);
      case NARROW -> defineFrom(i, 0);
      case WIDEN_S -> a.signExtend(4, BITS_64, unaryResult(i), use(i, 0));
      case WIDEN_U -> a.zeroExtend(4, unaryResult(i), use(i, 0));
      case SEXT -> signExtend(i);
      case ZEXT -> zeroExtend(i);
      case EXTRACT -> extract(i);
      case SETCOND -> setcond(i);
      case SELECT -> select(i);
      case LOAD -> load(i);
      case STORE -> store(i);
      case FADD, FMUL -> floatingPoint(i);
      case CALL -> inJava(i);
      case BR -> edge(i, unit.target(i), 0);
      case BRCOND -> branch(i);
      case GOTO -> leave(i);
      case JUMP, EXIT -> {
        registers.copyTo(RAX, unit.argument(i, 0));
        leave(i);
      }
      case RAISE -> {
        registers.copyTo(RAX, unit.argument(i, 0));
        callOut(i, stubs.leave());
      }
      default -> inJava(i);
    }
  }

  // ---- operands --------------------------------------------------------------------------------

  private Width width(int i) {
    return Width.of(unit.type(i));
  }

  private Gpr use(int i, int position) {
    return registers.use(unit.argument(i, position));
  }

  private Gpr define(int i) {
    return registers.define(unit.result(i));
  }

  private Gpr defineFrom(int i, int position) {
    return registers.defineFrom(unit.result(i), unit.argument(i, position));
  }

  /** For instructions that read one register and write another: the operand is used first. */
  private Gpr unaryResult(int i) {
    var _ = use(i, 0);
    return define(i);
  }

  private boolean immediate(int i, int position) {
    return registers.immediate(unit.argument(i, position));
  }

  private int immediateValue(int i, int position) {
    return (int) registers.constant(unit.argument(i, position));
  }

  private static Mem state(int offset) {
    return Mem.at(RBP, offset);
  }

  // ---- leaving ---------------------------------------------------------------------------------

  /** Calls a stub; the return address names the operation to Java. */
  private void callOut(int i, long stub) {
    a.call(stub);
    if (sites == siteEnds.length) {
      siteEnds = Arrays.copyOf(siteEnds, 2 * sites);
      siteOps = Arrays.copyOf(siteOps, 2 * sites);
    }
    siteEnds[sites] = a.length();
    siteOps[sites++] = i;
  }

  private void unitStart(int i) {
    a.alu(Alu.CMP, BITS_32, state(EngineState.POLL), 0);
    var polled = new Label();
    a.j(Cc.NE, polled);
    a.alu(Alu.ADD, BITS_64, state(EngineState.RETIRED), (int) unit.immediate(i));
    slowPaths.add(() -> {
      a.bind(polled);
      callOut(i, stubs.leave());
    });
  }

  /**
   * Leaves the unit after the current instruction: those behind it were counted and did not run.
   */
  private void leave(int i) {
    int missing = unit.instructions().size() - (instructions[i] + 1);
    if (missing != 0) {
      a.alu(Alu.SUB, BITS_64, state(EngineState.RETIRED), missing);
    }
    callOut(i, stubs.leave());
  }

  /** Passes the operands, has Java do the operation, and takes its result. */
  private void inJava(int i) {
    passOperands(i);
    callOut(i, stubs.exit());
    if (unit.result(i) != IrUnit.NONE) {
      a.mov(BITS_64, define(i), RAX);
    }
  }

  private void passOperands(int i) {
    for (int p = 0; p < unit.argumentCount(i); p++) {
      registers.copyTo(OPERANDS[p], unit.argument(i, p));
    }
  }

  // ---- state -----------------------------------------------------------------------------------

  private void get(int i) {
    long view = unit.immediate(i);
    Mem from = state(StateView.offset(view));
    int size = StateView.size(view);
    if (StateView.isSigned(view) && size < 8) {
      a.loadSigned(size, width(i), define(i), from);
    } else {
      a.load(size, define(i), from);
    }
  }

  private void set(int i) {
    long view = unit.immediate(i);
    Mem to = state(StateView.offset(view));
    int size = StateView.size(view);
    if (size >= 4 && immediate(i, 0)) {
      a.store(size, to, immediateValue(i, 0));
    } else {
      a.store(size, to, use(i, 0));
    }
  }

  // ---- arithmetic ------------------------------------------------------------------------------

  private void alu(Alu operation, int i) {
    if (immediate(i, 1)) {
      a.alu(operation, width(i), defineFrom(i, 0), immediateValue(i, 1));
    } else {
      Gpr b = use(i, 1);
      a.alu(operation, width(i), defineFrom(i, 0), b);
    }
  }

  private void andNot(int i) {
    registers.copyTo(RAX, unit.argument(i, 1));
    a.not(BITS_64, RAX);
    a.alu(Alu.AND, width(i), defineFrom(i, 0), RAX);
  }

  private void multiply(int i) {
    Gpr b = use(i, 1);
    a.imul(width(i), defineFrom(i, 0), b);
  }

  private void shift(Shift operation, int i) {
    if (immediate(i, 1)) {
      int count = immediateValue(i, 1) & (unit.type(i).bits() - 1);
      a.shift(operation, width(i), defineFrom(i, 0), count);
    } else {
      registers.copyTo(RCX, unit.argument(i, 1));
      a.shiftByCl(operation, width(i), defineFrom(i, 0));
    }
  }

  private void signExtend(int i) {
    int bits = (int) unit.immediate(i);
    if (bits == 8 || bits == 16 || bits == 32) {
      a.signExtend(bits / 8, width(i), unaryResult(i), use(i, 0));
    } else {
      Gpr d = defineFrom(i, 0);
      int shift = unit.type(i).bits() - bits;
      a.shift(Shift.SHL, width(i), d, shift);
      a.shift(Shift.SAR, width(i), d, shift);
    }
  }

  private void zeroExtend(int i) {
    int bits = (int) unit.immediate(i);
    if (bits == 8 || bits == 16 || bits == 32) {
      a.zeroExtend(bits / 8, unaryResult(i), use(i, 0));
    } else {
      field(i, unit.type(i).bits() - bits, unit.type(i).bits() - bits);
    }
  }

  private void extract(int i) {
    int position = (int) unit.immediate(i) & 0xff;
    int bits = (int) (unit.immediate(i) >> 8);
    int width = unit.type(i).bits();
    field(i, width - position - bits, width - bits);
  }

  private void field(int i, int left, int right) {
    Gpr d = defineFrom(i, 0);
    if (left != 0) {
      a.shift(Shift.SHL, width(i), d, left);
    }
    if (right != 0) {
      a.shift(Shift.SHR, width(i), d, right);
    }
  }

  // ---- conditions ------------------------------------------------------------------------------

  private Cc compare(int i) {
    Cond cond = Cond.of((int) unit.immediate(i));
    Width width = Width.of(unit.valueType(unit.argument(i, 0)));
    Gpr x = use(i, 0);
    if (cond == Cond.TSTEQ || cond == Cond.TSTNE) {
      a.test(width, x, use(i, 1));
    } else if (immediate(i, 1)) {
      a.alu(Alu.CMP, width, x, immediateValue(i, 1));
    } else {
      a.alu(Alu.CMP, width, x, use(i, 1));
    }
    return Cc.of(cond);
  }

  private void setcond(int i) {
    Cc cc = compare(i);
    a.set(cc, RAX);
    a.zeroExtend(1, define(i), RAX);
  }

  private void select(int i) {
    Gpr taken = use(i, 2);
    Gpr otherwise = use(i, 3);
    Gpr d = define(i);
    Cc cc = compare(i);
    a.mov(BITS_64, d, otherwise);
    a.cmov(cc, BITS_64, d, taken);
  }

  // ---- guest memory ----------------------------------------------------------------------------

  private static boolean plain(long desc) {
    return !MemDesc.isBigEndian(desc) && !MemDesc.isAcquire(desc) && !MemDesc.isRelease(desc);
  }

  /**
   * Leaves in RAX what turns the address into a host address, or jumps: the entry of the soft MMU's
   * table that the address selects must have the address's page in the tag, and the address must be
   * aligned.
   */
  private void translate(Gpr address, long desc, int tag, Label slow) {
    int regime = SoftMmu.regimeOffset(MemDesc.mmuIndex(desc));
    int entryShift = 12 - Integer.numberOfTrailingZeros(SoftMmu.ENTRY_BYTES);
    a.mov(BITS_32, RAX, address);
    a.shift(Shift.SHR, BITS_32, RAX, entryShift);
    a.alu(Alu.AND, BITS_32, RAX, (SoftMmu.ENTRIES - 1) * SoftMmu.ENTRY_BYTES);
    a.mov(BITS_64, RCX, address);
    a.alu(Alu.AND, BITS_64, RCX, -4096 | (MemDesc.size(desc) - 1));
    a.alu(Alu.CMP, BITS_64, RCX, new Mem(R13, RAX, regime + tag));
    a.j(Cc.NE, slow);
    a.load(8, RAX, new Mem(R13, RAX, regime + SoftMmu.ADDEND));
  }

  private void load(int i) {
    long desc = unit.immediate(i);
    if (!plain(desc)) {
      inJava(i);
      return;
    }
    Gpr address = use(i, 0);
    Gpr d = define(i);
    var slow = new Label();
    var done = new Label();
    translate(address, desc, SoftMmu.READ_TAG, slow);
    var host = new Mem(address, RAX, 0);
    int size = MemDesc.size(desc);
    if (MemDesc.isSigned(desc) && size < 8) {
      a.loadSigned(size, width(i), d, host);
    } else {
      a.load(size, d, host);
    }
    a.bind(done);
    slowPaths.add(() -> {
      a.bind(slow);
      a.mov(BITS_64, RAX, address);
      callOut(i, stubs.exit());
      a.mov(BITS_64, d, RAX);
      a.jmp(done);
    });
  }

  private void store(int i) {
    long desc = unit.immediate(i);
    if (!plain(desc)) {
      inJava(i);
      return;
    }
    Gpr address = use(i, 0);
    Gpr value = use(i, 1);
    var slow = new Label();
    var done = new Label();
    translate(address, desc, SoftMmu.WRITE_TAG, slow);
    a.store(MemDesc.size(desc), new Mem(address, RAX, 0), value);
    a.bind(done);
    slowPaths.add(() -> {
      a.bind(slow);
      a.mov(BITS_64, RAX, address);
      a.mov(BITS_64, RDX, value);
      callOut(i, stubs.exit());
      a.jmp(done);
    });
  }

  // ---- floating point --------------------------------------------------------------------------

  private boolean nativeFormat(int i) {
    long desc = unit.immediate(i);
    return hostFloat
        && FpDesc.format(desc) == FpDesc.Format.F64
        && FpDesc.rounding(desc) == FpDesc.DYNAMIC
        && unit.type(i) == Type.I64;
  }

  /**
   * In the host's arithmetic under the guest's MXCSR. Softfloat does it if the rounding mode is one
   * that MXCSR lacks, and again if a NaN came out, whose bits differ between architectures; the
   * flags that were raised then are the same and sticky.
   */
  private void floatingPoint(int i) {
    if (!nativeFormat(i)) {
      inJava(i);
      return;
    }
    Gpr x = use(i, 0);
    Gpr y = use(i, 1);
    Gpr d = define(i);
    var slow = new Label();
    var done = new Label();
    a.alu(Alu.CMP, BITS_32, state(StateLayout.FP_ROUNDING.offset()), Rounding.UP.ordinal());
    a.j(Cc.A, slow);
    a.movq(Xmm.XMM0, x);
    a.movq(Xmm.XMM1, y);
    if (unit.op(i) == Op.FADD) {
      a.addsd(Xmm.XMM0, Xmm.XMM1);
    } else {
      a.mulsd(Xmm.XMM0, Xmm.XMM1);
    }
    a.movq(d, Xmm.XMM0);
    // As integers: a comparison of floats would raise DE for a subnormal result.
    a.lea(RAX, new Mem(d, d, 0));
    a.mov(RCX, INFINITY_DOUBLED);
    a.alu(Alu.CMP, BITS_64, RAX, RCX);
    a.j(Cc.A, slow);
    a.bind(done);
    slowPaths.add(() -> {
      a.bind(slow);
      a.mov(BITS_64, RAX, x);
      a.mov(BITS_64, RDX, y);
      callOut(i, stubs.exit());
      a.mov(BITS_64, d, RAX);
      a.jmp(done);
    });
  }

  // ---- branches --------------------------------------------------------------------------------

  private void branch(int i) {
    int taken = unit.target(i);
    int otherwise = unit.otherTarget(i);
    int passed = unit.op(i).fixedOperands();
    Cc cc = compare(i);
    if (unit.parameterCount(taken) == 0) {
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
      Mem to = registers.home(parameter + p);
      staged[p] = readLater(i, block, first, p) ? registers.temporary() : to;
      registers.copy(unit.argument(i, first + p), staged[p]);
    }
    for (int p = 0; p < count; p++) {
      Mem to = registers.home(parameter + p);
      if (!staged[p].equals(to)) {
        a.load(8, RAX, staged[p]);
        a.store(8, to, RAX);
      }
    }
    a.jmp(blocks[block]);
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
}
