package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Where the values of a unit are while its code is emitted: in a register of the pool, in a slot of
 * the frame, in the guest state, or nowhere because they can be made again. Registers are given
 * within blocks, to the values that are used next; between blocks, values are in the frame.
 *
 * <p>Writing to the guest state is put off: {@link #set} remembers which value belongs where, and
 * it is stored when its register is needed, when something reads the state, or at the end of the
 * block. So of several writes only the last one is done. Where an operation traps in between,
 * {@link #snapshot} says where the values are that the state lacks.
 */
final class Registers {
  /** The registers that hold values. */
  static final Gpr[] POOL = {
    Gpr.RSI, Gpr.RDI, Gpr.R8, Gpr.R9, Gpr.R10, Gpr.R11, Gpr.R12, Gpr.R13, Gpr.R15
  };

  /** Where the state is in code. */
  static final Gpr STATE = Gpr.RBP;

  /** The virtual address of the page in which the unit begins. */
  static final Gpr PAGE = Gpr.RBX;

  /** Not used again. */
  private static final int NEVER = Integer.MAX_VALUE;

  /** Used in another block. */
  private static final int LATER = Integer.MAX_VALUE - 1;

  private static final int NONE = -1;
  private static final long NO_HOME = -1;
  private static final byte ORDINARY = 0;
  private static final byte CONSTANT = 1;
  private static final byte ADDRESS = 2;

  private final Assembler assembler;
  private final int pageOffset;
  private final IrUnit unit;

  /** For each value. */
  private final byte[] kind;

  private final long[] constant;
  private final int[] register;
  private final int[] slot;
  private final boolean[] inFrame;
  private final long[] home;
  private final int[] next;
  private final boolean[] crosses;
  private final int[] pending;

  /** For each operand, when its value is used again. */
  private final int[] nextUse;

  private final boolean[] dead;

  /** During the survey of a block: what is written further on, with nobody looking before. */
  private long[] overwritten = new long[16];

  private int overwrittenCount;

  /** For each register of the pool. */
  private final int[] holds = new int[POOL.length];

  private int pinned;
  private int slots;

  /** The operation being emitted, and for each value the last one that had it as operand. */
  private int current;

  private final int[] operandOf;

  /** Writes to the state that have not been done. */
  private long[] pendingView = new long[16];

  private int[] pendingValue = new int[16];
  private int pendingCount;

  /** Values whose home is in the state. */
  private int[] homed = new int[16];

  private int homedCount;

  Registers(IrUnit unit, Assembler assembler, int pageOffset) {
    this.unit = unit;
    this.assembler = assembler;
    this.pageOffset = pageOffset;
    int values = unit.values();
    kind = new byte[values];
    constant = new long[values];
    register = new int[values];
    slot = new int[values];
    inFrame = new boolean[values];
    home = new long[values];
    next = new int[values];
    crosses = new boolean[values];
    pending = new int[values];
    operandOf = new int[values];
    nextUse = new int[unit.arguments()];
    dead = new boolean[unit.size()];
    Arrays.fill(register, NONE);
    Arrays.fill(slot, NONE);
    Arrays.fill(home, NO_HOME);
    Arrays.fill(next, NEVER);
    Arrays.fill(operandOf, NONE);
    Arrays.fill(holds, NONE);
    survey();
  }

  // ---- survey ----------------------------------------------------------------------------------

  /** Finds constants and what is used in other blocks than its own. */
  private void survey() {
    int[] blockOf = new int[unit.values()];
    for (int block = 0; block < unit.blocks(); block++) {
      for (int p = 0; p < unit.parameterCount(block); p++) {
        int parameter = unit.firstParameter(block) + p;
        blockOf[parameter] = NONE;
        crosses[parameter] = true;
      }
      for (int i = unit.blockStart(block); ; i++) {
        define(i, block, blockOf);
        if (unit.op(i).terminator()) {
          break;
        }
      }
    }
    if (unit.blocks() > 1) {
      for (int block = 0; block < unit.blocks(); block++) {
        for (int i = unit.blockStart(block); ; i++) {
          for (int p = 0; p < unit.argumentCount(i); p++) {
            int value = unit.argument(i, p);
            crosses[value] |= blockOf[value] != block;
          }
          if (unit.op(i).terminator()) {
            break;
          }
        }
      }
    }
  }

  private void define(int i, int block, int[] blockOf) {
    int result = unit.result(i);
    if (result == IrUnit.NONE) {
      return;
    }
    Op op = unit.op(i);
    blockOf[result] = block;
    if (op == Op.CONST) {
      kind[result] = CONSTANT;
      constant[result] = unit.immediate(i);
    } else if (op == Op.PC && unit.immediate(i) == (int) unit.immediate(i)) {
      kind[result] = ADDRESS;
      constant[result] = unit.immediate(i) + pageOffset;
    } else if (op.results().length() == 2) {
      blockOf[result + 1] = block;
    }
  }

  /** Starts a block: finds when each value is used in it, and which operations nobody needs. */
  void enter(int block) {
    assert pendingCount == 0;
    Arrays.fill(holds, NONE);
    Arrays.fill(register, NONE);
    forgetHomes();
    int start = unit.blockStart(block);
    int end = start;
    while (!unit.op(end).terminator()) {
      end++;
    }
    for (int value = 0; value < next.length; value++) {
      next[value] = crosses[value] ? LATER : NEVER;
      inFrame[value] = crosses[value];
    }
    overwrittenCount = 0;
    for (int i = end; i >= start; i--) {
      dead[i] = unneeded(i) || overwritten(i);
      if (dead[i]) {
        continue;
      }
      for (int p = unit.argumentCount(i) - 1; p >= 0; p--) {
        int value = unit.argument(i, p);
        nextUse[unit.argumentIndex(i, p)] = next[value];
        next[value] = i;
      }
    }
  }

  private boolean unneeded(int i) {
    Op op = unit.op(i);
    int result = unit.result(i);
    return (op.is(Op.Trait.PURE) || op == Op.GET)
        && next[result] == NEVER
        && (op.results().length() < 2 || next[result + 1] == NEVER);
  }

  /**
   * Whether an operation writes to the state what another one overwrites before anybody sees it;
   * asked of each that is needed, from the last to the first.
   */
  private boolean overwritten(int i) {
    Op op = unit.op(i);
    long view = unit.immediate(i);
    switch (op) {
      case SET -> {
        for (int o = 0; o < overwrittenCount; o++) {
          if (contains(overwritten[o], view)) {
            return true;
          }
        }
        if (overwrittenCount == overwritten.length) {
          overwritten = Arrays.copyOf(overwritten, 2 * overwrittenCount);
        }
        overwritten[overwrittenCount++] = view;
      }
      case GET -> {
        for (int o = overwrittenCount - 1; o >= 0; o--) {
          if (StateView.overlap(overwritten[o], view)) {
            overwritten[o] = overwritten[--overwrittenCount];
          }
        }
      }
      case INSN_START -> {}
      default -> {
        if (!op.is(Op.Trait.PURE) || op.is(Op.Trait.FP)) {
          overwrittenCount = 0;
        }
      }
    }
    return false;
  }

  /** Whether nobody needs what an operation computes. */
  boolean dead(int i) {
    return dead[i];
  }

  /** Whether nobody needs a result. */
  boolean unused(int value) {
    return next[value] == NEVER;
  }

  /** Slots of the frame that are used so far. */
  int slots() {
    return slots;
  }

  // ---- an operation ----------------------------------------------------------------------------

  /** Starts an operation: from now on its operands count as used. */
  void begin(int i) {
    pinned = 0;
    current = i;
    int fixed = unit.op(i).fixedOperands();
    for (int p = 0; p < unit.argumentCount(i); p++) {
      int value = unit.argument(i, p);
      next[value] = nextUse[unit.argumentIndex(i, p)];
      operandOf[value] = i;
      if (p < fixed && register[value] != NONE) {
        pinned |= 1 << register[value];
      }
    }
  }

  /** Ends an operation: registers of values that nobody needs any more are free. */
  void end() {
    pinned = 0;
    current = NONE;
    for (int r = 0; r < POOL.length; r++) {
      if (holds[r] != NONE && !needed(holds[r])) {
        release(holds[r]);
      }
    }
  }

  /** Whether anybody needs a value after the current operation. */
  private boolean survives(int value) {
    return next[value] != NEVER || pending[value] != 0;
  }

  private boolean needed(int value) {
    return survives(value) || operandOf[value] == current;
  }

  private void release(int value) {
    holds[register[value]] = NONE;
    register[value] = NONE;
  }

  /** Whether a value is known now, so that {@link #constant} has it. */
  boolean isConstant(int value) {
    return kind[value] == CONSTANT;
  }

  /** Whether a value is known and an instruction can carry it, sign-extended from 32 bits. */
  boolean immediate(int value) {
    return kind[value] == CONSTANT && constant[value] == (int) constant[value];
  }

  long constant(int value) {
    return constant[value];
  }

  /** The register of a value, which is brought there. */
  Gpr use(int value) {
    int r = register[value];
    if (r == NONE) {
      r = take(value);
      load(POOL[r], value);
    }
    pinned |= 1 << r;
    return POOL[r];
  }

  /**
   * A value in memory, if it is there and is better taken from there: because it is in no register
   * and this is its last use.
   */
  @Nullable Mem inMemory(int value) {
    if (register[value] != NONE || next[value] != NEVER || kind[value] != ORDINARY) {
      return null;
    }
    if (inFrame[value]) {
      return frame(value);
    }
    long view = home[value];
    boolean whole = view != NO_HOME && StateView.size(view) * 8 == unit.valueType(value).bits();
    return whole ? state(StateView.offset(view)) : null;
  }

  /** A register for a new value. */
  Gpr define(int value) {
    int r = take(value);
    inFrame[value] = false;
    pinned |= 1 << r;
    return POOL[r];
  }

  /** A register for a new value that holds an operand now: its own, if nobody needs it any more. */
  Gpr defineFrom(int value, int operand) {
    int r = register[operand];
    if (r != NONE && !survives(operand)) {
      release(operand);
      holds[r] = value;
      register[value] = r;
      inFrame[value] = false;
      pinned |= 1 << r;
      return POOL[r];
    }
    if (r != NONE) {
      pinned |= 1 << r;
    }
    Gpr to = define(value);
    copyTo(to, operand);
    return to;
  }

  /** Whether {@link #defineFrom} would need no instruction. */
  boolean dies(int operand) {
    return register[operand] != NONE && !survives(operand);
  }

  /** Copies a value to a register outside of the pool; flags stay as they are. */
  void copyTo(Gpr to, int value) {
    if (register[value] != NONE) {
      assembler.mov(Width.BITS_64, to, POOL[register[value]]);
    } else {
      load(to, value);
    }
  }

  private void load(Gpr to, int value) {
    switch (kind[value]) {
      case CONSTANT -> assembler.mov(to, constant[value]);
      case ADDRESS -> assembler.lea(to, Mem.at(PAGE, (int) constant[value]));
      default -> {
        if (inFrame[value]) {
          assembler.load(8, to, frame(value));
        } else {
          assert home[value] != NO_HOME : "value " + value + " is nowhere";
          loadView(to, home[value], unit.valueType(value));
        }
      }
    }
  }

  private void loadView(Gpr to, long view, Type type) {
    Mem from = state(StateView.offset(view));
    int size = StateView.size(view);
    if (StateView.isSigned(view) && size < 8) {
      assembler.loadSigned(size, Width.of(type), to, from);
    } else {
      assembler.load(size, to, from);
    }
  }

  /** The frame's slot of a value. */
  Mem frame(int value) {
    if (slot[value] == NONE) {
      slot[value] = slots++;
    }
    return state(EngineState.FRAME + 8 * slot[value]);
  }

  /** A slot of the frame for what has no number. */
  Mem temporary() {
    return state(EngineState.FRAME + 8 * slots++);
  }

  private static Mem state(int offset) {
    return CodeGenerator.state(offset);
  }

  private int take(int value) {
    int r = NONE;
    for (int each = 0; each < POOL.length && r == NONE; each++) {
      if (holds[each] == NONE && (pinned >> each & 1) == 0) {
        r = each;
      }
    }
    if (r == NONE) {
      r = evict();
    }
    holds[r] = value;
    register[value] = r;
    return r;
  }

  /** Empties the register whose value is needed last. */
  private int evict() {
    int victim = NONE;
    for (int r = 0; r < POOL.length; r++) {
      boolean candidate = (pinned >> r & 1) == 0;
      if (candidate && (victim == NONE || next[holds[r]] > next[holds[victim]])) {
        victim = r;
      }
    }
    int value = holds[victim];
    if (pending[value] != 0) {
      writePending(value);
    }
    if (needed(value) && !remembered(value)) {
      toFrame(value);
    }
    release(value);
    return victim;
  }

  private boolean remembered(int value) {
    return kind[value] != ORDINARY || inFrame[value] || home[value] != NO_HOME;
  }

  private void toFrame(int value) {
    assembler.store(8, frame(value), POOL[register[value]]);
    inFrame[value] = true;
  }

  // ---- guest state -----------------------------------------------------------------------------

  /** A value is what a view of the state holds; it is loaded when it is used. */
  void get(int value, long view) {
    for (int p = pendingCount - 1; p >= 0; p--) {
      if (StateView.overlap(pendingView[p], view)) {
        write(p);
      }
    }
    inFrame[value] = false;
    setHome(value, view);
  }

  /** A view of the state is to hold a value. */
  void set(long view, int value) {
    for (int p = pendingCount - 1; p >= 0; p--) {
      if (StateView.overlap(pendingView[p], view)) {
        if (contains(view, pendingView[p])) {
          drop(p);
        } else {
          write(p);
        }
      }
    }
    if (pendingCount == pendingView.length) {
      pendingView = Arrays.copyOf(pendingView, 2 * pendingCount);
      pendingValue = Arrays.copyOf(pendingValue, 2 * pendingCount);
    }
    pendingView[pendingCount] = view;
    pendingValue[pendingCount++] = value;
    pending[value]++;
  }

  private static boolean contains(long outer, long inner) {
    int start = StateView.offset(outer);
    int innerStart = StateView.offset(inner);
    return start <= innerStart
        && innerStart + StateView.size(inner) <= start + StateView.size(outer);
  }

  private void drop(int p) {
    pending[pendingValue[p]]--;
    pendingCount--;
    pendingView[p] = pendingView[pendingCount];
    pendingValue[p] = pendingValue[pendingCount];
  }

  /** Stores everything that the state lacks. */
  void writeState() {
    while (pendingCount > 0) {
      write(pendingCount - 1);
    }
  }

  private void writePending(int value) {
    for (int p = pendingCount - 1; p >= 0; p--) {
      if (pendingValue[p] == value) {
        write(p);
      }
    }
  }

  private void write(int p) {
    long view = pendingView[p];
    int value = pendingValue[p];
    evictHomes(view, value);
    drop(p);
    int size = StateView.size(view);
    Mem to = state(StateView.offset(view));
    if (register[value] != NONE) {
      assembler.store(size, to, POOL[register[value]]);
    } else if (size >= 4 && immediate(value)) {
      assembler.store(size, to, (int) constant[value]);
    } else {
      load(Gpr.RAX, value);
      assembler.store(size, to, Gpr.RAX);
    }
    if (size * 8 == unit.valueType(value).bits()) {
      setHome(value, StateView.of(StateView.offset(view), size));
    }
  }

  private void setHome(int value, long view) {
    if (kind[value] != ORDINARY || !needed(value)) {
      return;
    }
    if (home[value] == NO_HOME) {
      if (homedCount == homed.length) {
        homed = Arrays.copyOf(homed, 2 * homedCount);
      }
      homed[homedCount++] = value;
    }
    home[value] = view;
  }

  /** Bytes of the state change: values that have their home there move to the frame. */
  private void evictHomes(long view, int exceptFor) {
    for (int h = homedCount - 1; h >= 0; h--) {
      int value = homed[h];
      if (StateView.overlap(home[value], view)) {
        if (value == exceptFor && StateView.offset(home[value]) == StateView.offset(view)) {
          continue;
        }
        moveOut(value);
        home[value] = NO_HOME;
        homed[h] = homed[--homedCount];
      }
    }
  }

  private void moveOut(int value) {
    if (needed(value) && register[value] == NONE && !inFrame[value]) {
      loadView(Gpr.RAX, home[value], unit.valueType(value));
      assembler.store(8, frame(value), Gpr.RAX);
      inFrame[value] = true;
    }
  }

  /** Somebody else writes the state: no value may be found there any more. */
  void leaveState() {
    writeState();
    for (int h = 0; h < homedCount; h++) {
      moveOut(homed[h]);
    }
    forgetHomes();
  }

  private void forgetHomes() {
    for (int h = 0; h < homedCount; h++) {
      home[homed[h]] = NO_HOME;
    }
    homedCount = 0;
  }

  /** Ends a block: what other blocks need goes to the frame. Before the branch's comparison. */
  void leaveBlock() {
    writeState();
    for (int h = 0; h < homedCount; h++) {
      if (crosses[homed[h]]) {
        moveOut(homed[h]);
      }
    }
    for (int r = 0; r < POOL.length; r++) {
      int value = holds[r];
      if (value != NONE && crosses[value] && kind[value] == ORDINARY && !inFrame[value]) {
        toFrame(value);
      }
    }
  }

  // ---- recovery --------------------------------------------------------------------------------

  /** Where the values are that the state lacks now. */
  void snapshot(Recovery into) {
    for (int p = 0; p < pendingCount; p++) {
      int value = pendingValue[p];
      long view = pendingView[p];
      if (register[value] != NONE) {
        into.register(view, register[value]);
      } else if (kind[value] == CONSTANT) {
        into.constant(view, constant[value]);
      } else if (kind[value] == ADDRESS) {
        into.address(view, constant[value]);
      } else if (inFrame[value]) {
        into.frame(view, slot[value]);
      } else {
        into.state(view, home[value]);
      }
    }
  }
}
