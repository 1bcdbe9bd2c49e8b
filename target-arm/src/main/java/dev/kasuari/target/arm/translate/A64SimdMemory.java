package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmMode;
import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.target.arm.isa.A64Structures;
import dev.kasuari.tcg.ir.MemDesc;
import dev.kasuari.tcg.ir.StateView;
import dev.kasuari.tcg.ir.Type;
import dev.kasuari.tcg.ir.Value;
import java.util.Arrays;

/**
 * Loads and stores of SIMD registers. Whatever an instruction loads is there before a register is
 * written, so that it can be restarted. {@code size} is the logarithm of the bytes, 4 for a whole
 * register. Source: DDI 0487, C7.2 and C3.2.9 to C3.2.12.
 */
interface A64SimdMemory extends A64Instructions<A64> {
  /** A whole register is moved as two of these. */
  int HALF = 3;

  // ---- one register ----------------------------------------------------------------------------

  private static void set(A64 t, int r, Value low, Value high) {
    t.e().set(StateView.of(ArmState.V.at(r), 8), low);
    t.e().set(StateView.of(ArmState.V.at(r) + 8, 8), high);
  }

  /**
   * A register's halves in memory, as one access: where alignment is checked it is of all. Each
   * half is accessed at once if aligned, even with FEAT_LSE2 (DDI 0487, B2.2.1).
   */
  private static MemDesc halves(A64 t, Value address, boolean write) {
    if (ArmMode.checksAlignment(t.mode())) {
      MemDesc all = t.mem(4);
      t.e().probe(write ? all.write() : all, address);
    }
    return t.mem(HALF).atomicity(MemDesc.Atomicity.ALIGNED);
  }

  /** The halves that belong into a register, the lower one first. */
  private static Value[] load(A64 t, int size, Value address) {
    if (size <= HALF) {
      return new Value[] {t.e().load(t.mem(size), Type.I64, address), t.e().constant(0)};
    }
    Value[] pair = t.e().loadPair(halves(t, address, false), Type.I64, address);
    return ArmMode.bigEndian(t.mode()) ? new Value[] {pair[1], pair[0]} : pair;
  }

  private static void load(A64 t, int size, int rt, Value address) {
    Value[] loaded = load(t, size, address);
    set(t, rt, loaded[0], loaded[1]);
  }

  private static void store(A64 t, int size, int rt, Value address) {
    storeBytes(t, size, Simd.v(rt), address);
  }

  /** The {@code 1 << size} bytes of the state from an offset. */
  private static void storeBytes(A64 t, int size, int offset, Value address) {
    if (size <= HALF) {
      t.e().store(t.mem(size), address, t.e().get(Type.I64, StateView.of(offset, 1 << size)));
    } else {
      boolean big = ArmMode.bigEndian(t.mode());
      Value low = t.e().get(Type.I64, StateView.of(offset, 8));
      Value high = t.e().get(Type.I64, StateView.of(offset + 8, 8));
      t.e().storePair(halves(t, address, true), address, big ? high : low, big ? low : high);
    }
  }

  @Override
  default void strVu(A64 t, int size, int rt, int rn, int imm) {
    store(t, size, rt, t.plus(t.base(rn), (long) imm << size));
  }

  @Override
  default void ldrVu(A64 t, int size, int rt, int rn, int imm) {
    load(t, size, rt, t.plus(t.base(rn), (long) imm << size));
  }

  @Override
  default void strVi(A64 t, int size, int index, int rt, int rn, int imm) {
    Value base = t.base(rn);
    store(t, size, rt, index == A64Memory.POST ? base : t.plus(base, imm));
    A64Memory.index(t, index, rn, base, imm);
  }

  @Override
  default void ldrVi(A64 t, int size, int index, int rt, int rn, int imm) {
    Value base = t.base(rn);
    load(t, size, rt, index == A64Memory.POST ? base : t.plus(base, imm));
    A64Memory.index(t, index, rn, base, imm);
  }

  @Override
  default void strVr(A64 t, int size, int rt, int rn, int rm, int extend, int scale) {
    store(t, size, rt, A64Memory.indexed(t, rn, rm, extend, scale, size));
  }

  @Override
  default void ldrVr(A64 t, int size, int rt, int rn, int rm, int extend, int scale) {
    load(t, size, rt, A64Memory.indexed(t, rn, rm, extend, scale, size));
  }

  @Override
  default void ldrVl(A64 t, int size, int rt, int imm) {
    load(t, 2 + size, rt, t.pc(imm));
  }

  // ---- pairs -----------------------------------------------------------------------------------

  @Override
  default void stpV(A64 t, int size, int index, int imm, int rt2, int rn, int rt) {
    long offset = (long) imm << (2 + size);
    Value base = t.base(rn);
    Value address = index == A64Memory.POST ? base : t.plus(base, offset);
    store(t, 2 + size, rt, address);
    store(t, 2 + size, rt2, t.plus(address, 4L << size));
    A64Memory.index(t, index, rn, base, offset);
  }

  @Override
  default void ldpV(A64 t, int size, int index, int imm, int rt2, int rn, int rt) {
    long offset = (long) imm << (2 + size);
    Value base = t.base(rn);
    Value address = index == A64Memory.POST ? base : t.plus(base, offset);
    Value[] first = load(t, 2 + size, address);
    Value[] second = load(t, 2 + size, t.plus(address, 4L << size));
    set(t, rt, first[0], first[1]);
    set(t, rt2, second[0], second[1]);
    A64Memory.index(t, index, rn, base, offset);
  }

  // ---- structures ------------------------------------------------------------------------------

  /** After the access: the base moves by a register, or by what was moved. */
  private static void post(A64 t, int post, int rm, int rn, Value base, long bytes) {
    if (post == 1 && rm == 31) {
      A64Memory.index(t, A64Memory.POST, rn, base, bytes);
    } else if (post == 1) {
      t.setXsp(rn, t.e().add(base, t.x(rm)));
    }
  }

  private static long lane(int r, int size, int index) {
    return StateView.of(ArmState.V.at(r & 31) + (index << size), 1 << size);
  }

  /** The lane that is at a place in memory, counted in lanes: its register and its number there. */
  private static long laneAt(int opcode, int size, int lanes, int rt, int place) {
    int elements = A64Structures.elements(opcode);
    return elements == 1
        ? lane(rt + place / lanes, size, place % lanes)
        : lane(rt + place % elements, size, place / elements);
  }

  /** Whether lanes are in memory as in a register, and may be moved eight bytes at once. */
  private static boolean plain(A64 t) {
    return !ArmMode.bigEndian(t.mode()) && !ArmMode.checksAlignment(t.mode());
  }

  @Override
  default void stM(A64 t, int q, int post, int rm, int opcode, int size, int rn, int rt) {
    int registers = A64Structures.registers(opcode);
    int elements = A64Structures.elements(opcode);
    int bytes = 8 << q;
    Value base = t.base(rn);
    if (!plain(t)) {
      storeLanes(t, opcode, size, bytes >> size, rt, base);
    } else {
      if (elements > 1) {
        // What is in the scratch field is made anew when the instruction begins again.
        t.e().restartable();
        SimdStructures.interleave(t, elements, q, size, rt);
      }
      for (int r = 0; r < registers; r++) {
        int from = elements > 1 ? SimdStructures.chunk(q, r) : Simd.v((rt + r) & 31);
        storeBytes(t, HALF + q, from, t.plus(base, (long) r * bytes));
      }
    }
    post(t, post, rm, rn, base, (long) registers * bytes);
  }

  private static void storeLanes(A64 t, int opcode, int size, int lanes, int rt, Value base) {
    int places = A64Structures.registers(opcode) * lanes;
    for (int place = 0; place < places; place++) {
      Value value = t.e().get(Type.I64, laneAt(opcode, size, lanes, rt, place));
      t.e().store(t.mem(size), t.plus(base, (long) place << size), value);
    }
  }

  @Override
  default void ldM(A64 t, int q, int post, int rm, int opcode, int size, int rn, int rt) {
    int registers = A64Structures.registers(opcode);
    int elements = A64Structures.elements(opcode);
    int bytes = 8 << q;
    Value base = t.base(rn);
    if (!plain(t)) {
      loadLanes(t, opcode, size, bytes >> size, rt, base);
    } else {
      Value[][] loaded = new Value[registers][];
      Arrays.setAll(loaded, r -> load(t, HALF + q, t.plus(base, (long) r * bytes)));
      for (int r = 0; r < registers; r++) {
        if (elements == 1) {
          set(t, (rt + r) & 31, loaded[r][0], loaded[r][1]);
        } else {
          SimdStructures.setChunk(t, q, r, loaded[r]);
        }
      }
      if (elements > 1) {
        SimdStructures.deinterleave(t, elements, q, size, rt);
      }
    }
    post(t, post, rm, rn, base, (long) registers * bytes);
  }

  private static void loadLanes(A64 t, int opcode, int size, int lanes, int rt, Value base) {
    int registers = A64Structures.registers(opcode);
    Value[] loaded = new Value[registers * lanes];
    Arrays.setAll(
        loaded, place -> t.e().load(t.mem(size), Type.I64, t.plus(base, (long) place << size)));
    for (int place = 0; place < loaded.length; place++) {
      t.e().set(laneAt(opcode, size, lanes, rt, place), loaded[place]);
    }
    for (int r = 0; lanes << size == 8 && r < registers; r++) {
      t.e().set(lane(rt + r, HALF, 1), t.e().constant(0));
    }
  }

  @Override
  default void stOne(A64 t, int selem, int post, int rm, int rn, int rt, int size, int index) {
    Value base = t.base(rn);
    for (int r = 0; r < selem; r++) {
      Value value = t.e().get(Type.I64, lane(rt + r, size, index));
      t.e().store(t.mem(size), t.plus(base, (long) r << size), value);
    }
    post(t, post, rm, rn, base, (long) selem << size);
  }

  /** An element for each of the registers. */
  private static Value[] loadElements(A64 t, int selem, int size, Value base) {
    Value[] loaded = new Value[selem];
    Arrays.setAll(loaded, r -> t.e().load(t.mem(size), Type.I64, t.plus(base, (long) r << size)));
    return loaded;
  }

  @Override
  default void ldOne(A64 t, int selem, int post, int rm, int rn, int rt, int size, int index) {
    Value base = t.base(rn);
    Value[] loaded = loadElements(t, selem, size, base);
    for (int r = 0; r < selem; r++) {
      t.e().set(lane(rt + r, size, index), loaded[r]);
    }
    post(t, post, rm, rn, base, (long) selem << size);
  }

  @Override
  default void ldRep(A64 t, int selem, int post, int rm, int rn, int rt, int q, int size) {
    Value base = t.base(rn);
    Value[] loaded = loadElements(t, selem, size, base);
    for (int r = 0; r < selem; r++) {
      Value lanes = t.replicate(size, loaded[r]);
      set(t, rt + r & 31, lanes, q == 1 ? lanes : t.e().constant(0));
    }
    post(t, post, rm, rn, base, (long) selem << size);
  }
}
