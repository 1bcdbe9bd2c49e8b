package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.EngineState;
import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.VectorDesc;
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

  private static final int NONE = -1;
  private static final long NO_HOME = -1;
  private static final byte ORDINARY = 0;
  private static final byte CONSTANT = 1;
  private static final byte ADDRESS = 2;

  private final Assembler assembler;
  private final Liveness liveness = new Liveness();
  private IrUnit unit = IrUnit.EMPTY;
  private int pageOffset;

  /** For each value. */
  private byte[] kind = new byte[0];

  private long[] constant = new long[0];
  private int[] register = new int[0];
  private int[] slot = new int[0];
  private boolean[] inFrame = new boolean[0];
  private long[] home = new long[0];
  private int[] pending = new int[0];

  /** For each value the last operation that had it as operand, and the one being emitted. */
  private int[] operandOf = new int[0];

  private int current;

  /** For each register of the pool. */
  private final int[] holds = new int[POOL.length];

  private int pinned;
  private int slots;

  /** Writes to the state that have not been done. */
  private long[] pendingView = new long[16];

  private int[] pendingValue = new int[16];
  private int pendingCount;

  /** Whether one of them was since the last operation, so that its value may not be needed now. */
  private boolean written;

  /** Values whose home is in the state. */
  private int[] homed = new int[16];

  private int homedCount;

  Registers(Assembler assembler) {
    this.assembler = assembler;
  }

  /** Starts a unit. */
  void begin(IrUnit of, int offsetInPage) {
    unit = of;
    pageOffset = offsetInPage;
    slots = 0;
    pendingCount = 0;
    homedCount = 0;
    int values = unit.values();
    if (kind.length < values) {
      int capacity = 2 * values;
      kind = new byte[capacity];
      constant = new long[capacity];
      register = new int[capacity];
      slot = new int[capacity];
      inFrame = new boolean[capacity];
      home = new long[capacity];
      pending = new int[capacity];
      operandOf = new int[capacity];
    }
    for (int value = 0; value < values; value++) {
      kind[value] = ORDINARY;
      register[value] = NONE;
      slot[value] = NONE;
      inFrame[value] = false;
      home[value] = NO_HOME;
      pending[value] = 0;
      operandOf[value] = NONE;
    }
    Arrays.fill(holds, NONE);
    liveness.begin(unit);
  }

  /** Starts a block: what other blocks left for it is in the frame. */
  void enter(int block) {
    assert pendingCount == 0;
    for (int r = 0; r < POOL.length; r++) {
      if (holds[r] != NONE) {
        release(holds[r]);
      }
    }
    forgetHomes();
    for (int n = liveness.crossing() - 1; n >= 0; n--) {
      inFrame[liveness.crossing(n)] = true;
    }
    liveness.enter(block);
  }

  /** Whether nobody needs what an operation of the block computes. */
  boolean dead(int i) {
    return liveness.dead(i);
  }

  /** Whether nobody needs a result. */
  boolean unused(int value) {
    return liveness.over(value);
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
    int count = unit.argumentCount(i);
    for (int p = 0; p < count; p++) {
      int value = unit.argument(i, p);
      liveness.use(i, p);
      operandOf[value] = i;
      if (p < fixed && register[value] != NONE) {
        pinned |= 1 << register[value];
      }
    }
  }

  /** Ends an operation: registers of values that nobody needs any more are free. */
  void end(int i) {
    pinned = 0;
    current = NONE;
    if (written) {
      written = false;
      for (int r = 0; r < POOL.length; r++) {
        if (holds[r] != NONE) {
          releaseIfOver(holds[r]);
        }
      }
      return;
    }
    for (int p = unit.argumentCount(i) - 1; p >= 0; p--) {
      releaseIfOver(unit.argument(i, p));
    }
    for (int r = unit.op(i).resultCount() - 1; r >= 0; r--) {
      releaseIfOver(unit.result(i) + r);
    }
  }

  private void releaseIfOver(int value) {
    if (register[value] != NONE && !survives(value)) {
      release(value);
    }
  }

  /** A value is known: a constant. */
  void constant(int value, long is) {
    kind[value] = CONSTANT;
    constant[value] = is;
  }

  /** A value is known: an address, that many bytes from the one at which the unit was entered. */
  void address(int value, int distance) {
    kind[value] = ADDRESS;
    constant[value] = (long) distance + pageOffset;
  }

  /** Whether anybody needs a value after the current operation. */
  private boolean survives(int value) {
    return !liveness.over(value) || pending[value] != 0;
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
    if (register[value] != NONE || !liveness.over(value) || kind[value] != ORDINARY) {
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
      if (candidate && (victim == NONE || liveness.next(holds[r]) > liveness.next(holds[victim]))) {
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
        if (StateView.contains(view, pendingView[p])) {
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

  /**
   * A vector operation, which does not trap, is about to look at the state and to write to it:
   * memory has what it reads, and no value is found any more where it writes.
   */
  void vector(VectorDesc desc) {
    for (int p = pendingCount - 1; p >= 0; p--) {
      if (desc.readsAny(pendingView[p])) {
        int other = otherHalf(p);
        if (other < 0) {
          write(p);
        } else {
          writeWhole(p, other);
          p = pendingCount;
        }
      }
    }
    overwrite(desc.written());
    if (desc.saturation() != VectorDesc.NONE) {
      overwrite(desc.flag());
    }
  }

  /** Where the other 8 of 16 aligned bytes are to be written; negative if they are not. */
  private int otherHalf(int p) {
    if (StateView.size(pendingView[p]) == 8) {
      long other = StateView.of(StateView.offset(pendingView[p]) ^ 8, 8);
      for (int q = pendingCount - 1; q >= 0; q--) {
        if (pendingView[q] == other) {
          return q;
        }
      }
    }
    return -1;
  }

  /**
   * Writes 16 bytes at once, as what reads them next would have to wait for two stores to be in the
   * cache: hosts forward from one.
   */
  private void writeWhole(int one, int other) {
    boolean ascending = StateView.offset(pendingView[one]) < StateView.offset(pendingView[other]);
    int low = pendingValue[ascending ? one : other];
    int high = pendingValue[ascending ? other : one];
    long lowView = pendingView[ascending ? one : other];
    long highView = pendingView[ascending ? other : one];
    evictHomes(lowView, low);
    evictHomes(highView, high);
    drop(Math.max(one, other));
    drop(Math.min(one, other));
    toVector(Xmm.XMM0, low);
    if (kind[high] != CONSTANT || constant[high] != 0) {
      toVector(Xmm.XMM1, high);
      assembler.punpcklqdq(Xmm.XMM0, Xmm.XMM1);
    }
    assembler.movups(state(StateView.offset(lowView)), Xmm.XMM0);
    setHome(low, lowView);
    setHome(high, highView);
  }

  private void toVector(Xmm to, int value) {
    if (register[value] != NONE) {
      assembler.movq(to, POOL[register[value]]);
    } else {
      load(Gpr.RAX, value);
      assembler.movq(to, Gpr.RAX);
    }
  }

  /** Somebody else writes a view. */
  private void overwrite(long view) {
    for (int p = pendingCount - 1; p >= 0; p--) {
      if (StateView.contains(view, pendingView[p])) {
        drop(p);
      } else if (StateView.overlap(view, pendingView[p])) {
        write(p);
      }
    }
    evictHomes(view, NONE);
  }

  private void drop(int p) {
    written = true;
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
      if (liveness.isCrossing(homed[h])) {
        moveOut(homed[h]);
      }
    }
    for (int r = 0; r < POOL.length; r++) {
      int value = holds[r];
      if (value != NONE
          && liveness.isCrossing(value)
          && kind[value] == ORDINARY
          && !inFrame[value]) {
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
