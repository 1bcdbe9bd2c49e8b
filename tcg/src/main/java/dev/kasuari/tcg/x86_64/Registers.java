package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.IrUnit;
import dev.kasuari.tcg.ir.Op;
import java.util.Arrays;

/**
 * Where the values of a unit are. Within a block they are in registers, given out as operations
 * come and taken back at a value's last use; a value that another block needs is stored in the
 * frame when it is made, and block parameters are there from the start. So nothing has to be agreed
 * on between blocks, and a slow path finds and leaves all registers as they are. Constants are made
 * anew wherever they are needed.
 */
final class Registers {
  /** Registers that hold values. */
  static final Gpr[] POOL = {Gpr.RSI, Gpr.RDI, Gpr.R8, Gpr.R9, Gpr.R10, Gpr.R11, Gpr.R14, Gpr.R15};

  private static final int NOWHERE = -1;

  private final IrUnit unit;
  private final Assembler assembler;
  private final int[] where;
  private final int[] uses;
  private final int[] slot;
  private final boolean[] stored;
  private final boolean[] escapes;
  private final boolean[] constant;
  private final long[] constantValue;
  private final int[] holds = new int[POOL.length];
  private final boolean[] pinned = new boolean[POOL.length];
  private int slots;
  private int nextVictim;

  Registers(IrUnit unit, Assembler assembler) {
    this.unit = unit;
    this.assembler = assembler;
    int values = unit.values();
    where = new int[values];
    uses = new int[values];
    slot = new int[values];
    stored = new boolean[values];
    escapes = new boolean[values];
    constant = new boolean[values];
    constantValue = new long[values];
    Arrays.fill(slot, NOWHERE);
    Arrays.fill(where, NOWHERE);
    findEscapes();
  }

  private void findEscapes() {
    int[] definedIn = new int[unit.values()];
    for (int block = 0; block < unit.blocks(); block++) {
      for (int p = 0; p < unit.parameterCount(block); p++) {
        int parameter = unit.firstParameter(block) + p;
        definedIn[parameter] = block;
        slotOf(parameter);
        stored[parameter] = true;
      }
      int i = unit.blockStart(block);
      do {
        for (int r = 0; r < unit.op(i).results().length(); r++) {
          definedIn[unit.result(i) + r] = block;
        }
        if (unit.op(i) == Op.CONST) {
          constant[unit.result(i)] = true;
          constantValue[unit.result(i)] = unit.immediate(i);
        }
      } while (!unit.op(i++).terminator());
    }
    for (int block = 0; block < unit.blocks(); block++) {
      int i = unit.blockStart(block);
      do {
        for (int a = 0; a < unit.argumentCount(i); a++) {
          int value = unit.argument(i, a);
          escapes[value] |= definedIn[value] != block;
        }
      } while (!unit.op(i++).terminator());
    }
  }

  private int slotOf(int value) {
    if (slot[value] == NOWHERE) {
      slot[value] = slots++;
    }
    return slot[value];
  }

  /** Where a value is, or will be, in the frame. */
  Mem home(int value) {
    return slotMemory(slotOf(value));
  }

  private static Mem slotMemory(int index) {
    return Mem.at(Gpr.R12, 8 * index);
  }

  /** A slot for the moves of a branch. */
  Mem temporary() {
    return slotMemory(slots++);
  }

  /** Slots used so far. */
  int slots() {
    return slots;
  }

  // ---- blocks and operations -------------------------------------------------------------------

  /** A block begins: no register holds anything. */
  void enter(int block) {
    Arrays.fill(holds, NOWHERE);
    Arrays.fill(pinned, false);
    Arrays.fill(where, NOWHERE);
    int i = unit.blockStart(block);
    do {
      for (int a = 0; a < unit.argumentCount(i); a++) {
        uses[unit.argument(i, a)] = 0;
      }
    } while (!unit.op(i++).terminator());
    i = unit.blockStart(block);
    do {
      for (int a = 0; a < unit.argumentCount(i); a++) {
        uses[unit.argument(i, a)]++;
      }
    } while (!unit.op(i++).terminator());
  }

  /** Whether anything reads a value. */
  boolean wanted(int value) {
    return uses[value] > 0 || escapes[value];
  }

  /** After an operation: stores a result that other blocks need, and takes back what is free. */
  void finish(int i) {
    Arrays.fill(pinned, false);
    for (int a = 0; a < unit.argumentCount(i); a++) {
      int value = unit.argument(i, a);
      if (--uses[value] == 0) {
        free(value);
      }
    }
    for (int r = 0; r < unit.op(i).results().length(); r++) {
      int value = unit.result(i) + r;
      if (escapes[value] && where[value] != NOWHERE) {
        assembler.store(8, home(value), POOL[where[value]]);
        stored[value] = true;
      }
      if (uses[value] == 0) {
        free(value);
      }
    }
  }

  private void free(int value) {
    if (where[value] != NOWHERE) {
      holds[where[value]] = NOWHERE;
      where[value] = NOWHERE;
    }
  }

  // ---- values ----------------------------------------------------------------------------------

  /** Whether a value is a constant that fits a 32-bit immediate, as its low 32 or all 64 bits. */
  boolean immediate(int value) {
    return constant[value] && constantValue[value] == (int) constantValue[value];
  }

  /** The constant. */
  long constant(int value) {
    assert constant[value];
    return constantValue[value];
  }

  /** A register that holds the value until the operation is finished. */
  Gpr use(int value) {
    if (where[value] == NOWHERE) {
      int at = take(value);
      if (constant[value]) {
        assembler.mov(POOL[at], constantValue[value]);
      } else {
        assert stored[value];
        assembler.load(8, POOL[at], home(value));
      }
    }
    pinned[where[value]] = true;
    return POOL[where[value]];
  }

  /** A register, different from those of the operands, for a result. */
  Gpr define(int value) {
    int at = take(value);
    pinned[at] = true;
    return POOL[at];
  }

  /** A register for a result that holds the operand now: its own, if this is its last use. */
  Gpr defineFrom(int value, int operand) {
    Gpr source = use(operand);
    if (uses[operand] == 1) {
      int at = where[operand];
      where[operand] = NOWHERE;
      holds[at] = value;
      where[value] = at;
      return source;
    }
    Gpr to = define(value);
    assembler.mov(Width.BITS_64, to, source);
    return to;
  }

  /** Copies a value to memory, by way of RAX if it is in none of the registers. */
  void copy(int value, Mem to) {
    if (where[value] != NOWHERE) {
      assembler.store(8, to, POOL[where[value]]);
    } else if (immediate(value)) {
      assembler.store(8, to, (int) constantValue[value]);
    } else {
      copyTo(Gpr.RAX, value);
      assembler.store(8, to, Gpr.RAX);
    }
  }

  /** Copies a value to a register outside of the pool. */
  void copyTo(Gpr scratch, int value) {
    if (where[value] != NOWHERE) {
      assembler.mov(Width.BITS_64, scratch, POOL[where[value]]);
    } else if (constant[value]) {
      assembler.mov(scratch, constantValue[value]);
    } else {
      assert stored[value];
      assembler.load(8, scratch, home(value));
    }
  }

  private int take(int value) {
    int at = NOWHERE;
    for (int r = 0; r < POOL.length && at == NOWHERE; r++) {
      if (holds[r] == NOWHERE && !pinned[r]) {
        at = r;
      }
    }
    if (at == NOWHERE) {
      at = evict();
    }
    holds[at] = value;
    where[value] = at;
    return at;
  }

  /** Empties a register, storing what it holds unless that can be had again. */
  private int evict() {
    int victim = NOWHERE;
    for (int r = 0; r < POOL.length; r++) {
      int candidate = (nextVictim + r) % POOL.length;
      if (!pinned[candidate] && (victim == NOWHERE || (cheap(candidate) && !cheap(victim)))) {
        victim = candidate;
      }
    }
    nextVictim = (victim + 1) % POOL.length;
    int value = holds[victim];
    if (!cheap(victim)) {
      assembler.store(8, home(value), POOL[victim]);
      stored[value] = true;
    }
    free(value);
    return victim;
  }

  private boolean cheap(int register) {
    return constant[holds[register]] || stored[holds[register]];
  }
}
