package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.cpu.ArmState;
import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorOp;

/**
 * The shapes of SIMD instructions. As in the patterns, {@code q} is 0 for the lower half of a
 * register, 1 for all of it, 3 for one lane, and {@code size} the logarithm of a lane's bytes; of
 * narrow lanes, where an instruction has lanes of two sizes.
 */
final class Simd {
  // Sizes.
  static final int BYTES = 0;
  static final int HALVES = 1;
  static final int SINGLES = 2;
  static final int DOUBLES = 3;

  /** Bytes of a register; what is not computed of it becomes zero. */
  private static final int ALL = 16;

  private Simd() {}

  static int v(int r) {
    return ArmState.V.at(r);
  }

  private static int bytes(int q, int size) {
    return q == 3 ? 1 << size : 8 << q;
  }

  /** Where narrow lanes are: in the upper half, if the instruction says so. */
  private static int part(int q, int r) {
    return v(r) + (q == 1 ? 8 : 0);
  }

  private static void emit(A64 t, VectorDesc desc) {
    t.e().vector(desc.op().saturates() ? desc.saturating(ArmState.QC.offset()) : desc);
  }

  private static VectorDesc desc(VectorOp op, boolean signed, int q, int size, int rd) {
    return VectorDesc.of(op, size, v(rd), bytes(q, size), ALL).signed(signed);
  }

  /** Two sources, and the destination as the third if the operation wants it. */
  private static VectorDesc from(VectorDesc desc, int first, int second, int rd) {
    return desc.op().sources() == 3 ? desc.from(first, second, v(rd)) : desc.from(first, second);
  }

  // ---- lanes of one size -----------------------------------------------------------------------

  static void same(A64 t, VectorOp op, boolean signed, int q, int size, int rm, int rn, int rd) {
    emit(t, from(desc(op, signed, q, size, rd), v(rn), v(rm), rd));
  }

  static void one(A64 t, VectorOp op, boolean signed, int q, int size, int rn, int rd) {
    emit(t, desc(op, signed, q, size, rd).from(v(rn)));
  }

  /** The bits of the first where the mask has ones, and of the second where it has zeros. */
  static void select(A64 t, int q, int mask, int first, int second, int rd) {
    emit(t, desc(VectorOp.SELECT, false, q, DOUBLES, rd).from(v(mask), v(first), v(second)));
  }

  /** Compares with zero, which is the second operand or the first. */
  static void withZero(A64 t, VectorOp op, boolean second, int q, int size, int rn, int rd) {
    VectorDesc desc = desc(op, true, q, size, rd);
    emit(t, second ? desc.from(v(rn)) : desc.from(VectorDesc.NONE, v(rn)));
  }

  /** Parts of a lane in reverse order. */
  static void reverse(A64 t, int q, int size, int part, int rn, int rd) {
    emit(t, desc(VectorOp.REV, false, q, size, rd).from(v(rn)).immediate(part));
  }

  static void shift(A64 t, VectorOp op, boolean signed, int q, int size, int by, int rn, int rd) {
    emit(t, desc(op, signed, q, size, rd).from(v(rn)).immediate(by));
  }

  /** One source and the destination. */
  static void accumulate(
      A64 t, VectorOp op, boolean signed, int q, int size, int by, int rn, int rd) {
    VectorDesc desc = desc(op, signed, q, size, rd).immediate(by);
    emit(t, desc.from(v(rn), VectorDesc.NONE, v(rd)));
  }

  /** Every lane with one lane of a register. */
  static void byElement(
      A64 t, VectorOp op, boolean signed, int q, int size, int rm, int index, int rn, int rd) {
    int element = v(rm) + (index << size);
    emit(t, from(desc(op, signed, q, size, rd), v(rn), element, rd).broadcasting());
  }

  // ---- lanes of two sizes ----------------------------------------------------------------------

  private static VectorDesc longDesc(VectorOp op, boolean signed, int q, int size, int rd) {
    int bytes = q == 3 ? 2 << size : ALL;
    return VectorDesc.of(op, size + 1, v(rd), bytes, ALL).signed(signed).form(VectorDesc.Form.LONG);
  }

  static void widening(
      A64 t, VectorOp op, boolean signed, int q, int size, int rm, int rn, int rd) {
    emit(t, from(longDesc(op, signed, q, size, rd), part(q, rn), part(q, rm), rd));
  }

  static void wideningByElement(
      A64 t, VectorOp op, boolean signed, int q, int size, int rm, int index, int rn, int rd) {
    int element = v(rm) + (index << size);
    emit(t, from(longDesc(op, signed, q, size, rd), part(q, rn), element, rd).broadcasting());
  }

  /** The product of polynomials with 64 coefficients. */
  static void product128(A64 t, int q, int rm, int rn, int rd) {
    VectorDesc desc = VectorDesc.of(VectorOp.CLMUL, DOUBLES, v(rd), ALL, ALL);
    emit(t, desc.from(part(q, rn), part(q, rm)));
  }

  static void wide(A64 t, VectorOp op, boolean signed, int q, int size, int rm, int rn, int rd) {
    VectorDesc desc = VectorDesc.of(op, size + 1, v(rd), ALL, ALL).signed(signed);
    emit(t, desc.form(VectorDesc.Form.WIDE).from(v(rn), part(q, rm)));
  }

  static void shiftLong(A64 t, boolean signed, int q, int size, int by, int rn, int rd) {
    VectorDesc desc = longDesc(VectorOp.SHL, signed, q, size, rd);
    emit(t, desc.from(part(q, rn)).immediate(by));
  }

  /** To the upper half of a register, which keeps the lower one, or to the lower one. */
  private static VectorDesc narrowDesc(VectorOp op, boolean signed, int q, int size, int rd) {
    int bytes = q == 3 ? 1 << size : 8;
    return VectorDesc.of(op, size + 1, part(q, rd), bytes, q == 1 ? 8 : ALL)
        .signed(signed)
        .form(VectorDesc.Form.NARROW);
  }

  static void narrowing(A64 t, VectorOp op, int q, int size, int rm, int rn, int rd) {
    emit(t, narrowDesc(op, false, q, size, rd).from(v(rn), v(rm)));
  }

  static void shiftNarrow(
      A64 t, VectorOp op, boolean signed, int q, int size, int by, int rn, int rd) {
    emit(t, narrowDesc(op, signed, q, size, rd).from(v(rn)).immediate(by));
  }

  // ---- across lanes ----------------------------------------------------------------------------

  static void across(A64 t, VectorOp op, boolean signed, int q, int size, int rn, int rd) {
    emit(t, desc(op, signed, 3, size, rd).from(v(rn)).immediate(8 << q >> size));
  }

  /** The sum, in a lane of twice the size. */
  static void sumLong(A64 t, boolean signed, int q, int size, int rn, int rd) {
    VectorDesc desc = longDesc(VectorOp.ADDV, signed, 3, size, rd);
    emit(t, desc.from(v(rn)).immediate(8 << q >> size));
  }

  // ---- other orders ----------------------------------------------------------------------------

  static void permute(A64 t, VectorOp op, int q, int size, int n, int rm, int rn, int rd) {
    emit(t, desc(op, false, q, size, rd).from(v(rn), v(rm)).immediate(n));
  }

  /** A lane in all lanes. */
  static void duplicate(A64 t, int q, int size, int index, int rn, int rd) {
    VectorDesc desc = desc(VectorOp.DUP, false, q, size, rd);
    emit(t, desc.from(VectorDesc.NONE, v(rn) + (index << size)).broadcasting());
  }

  /**
   * The bytes of a table that indexes number, a register of the table after the other.
   *
   * @param registers 1 to 4
   * @param otherwise offset of what an index beyond the table gets, or {@link VectorDesc#NONE}
   */
  static void table(A64 t, int q, int registers, int otherwise, int rm, int rn, int rd) {
    int so = otherwise;
    for (int i = 0; i < registers; i++) {
      int to = i == registers - 1 ? v(rd) : ArmState.SCRATCH.at(0);
      VectorDesc desc = VectorDesc.of(VectorOp.TABLE, BYTES, to, bytes(q, BYTES), ALL);
      emit(t, desc.from(v(rn + i & 31), v(rm), so).immediate(16 * i));
      so = to;
    }
  }

  // ---- whole registers -------------------------------------------------------------------------

  static void crypto(A64 t, VectorOp op, int size, int n, int rd, int... sources) {
    VectorDesc desc = desc(op, false, 1, size, rd).immediate(n);
    emit(
        t,
        switch (sources.length) {
          case 1 -> desc.from(v(sources[0]));
          case 2 -> desc.from(v(sources[0]), v(sources[1]));
          default -> desc.from(v(sources[0]), v(sources[1]), v(sources[2]));
        });
  }
}
