package dev.kasuari.tcg.ir;

import dev.kasuari.machine.cpu.StateField;
import dev.kasuari.tcg.ir.VectorDesc.Form;
import java.util.List;
import java.util.random.RandomGenerator;

/** Any vector operation on bytes of a field of the state, whose parts may overlap. */
public final class RandomVector {
  private static final List<VectorOp> OPS = List.of(VectorOp.values());

  private final RandomGenerator random;
  private final StateField field;
  private final int flag;

  /**
   * @param field of at least 64 bytes
   * @param flag offset of the sticky flag
   */
  public RandomVector(RandomGenerator random, StateField field, int flag) {
    this.random = random;
    this.field = field;
    this.flag = flag;
  }

  /** A descriptor of any operation. */
  public VectorDesc any() {
    return any(OPS.get(random.nextInt(OPS.size())));
  }

  /** A descriptor of an operation that has a meaning. */
  public VectorDesc any(VectorOp op) {
    int size = size(op);
    Form form = form(op, size);
    int lane = 1 << (form == Form.NARROW ? size - 1 : size);
    int bytes = bytes(op, form, lane);
    int max = random.nextBoolean() ? Math.max(bytes, 16) : bytes;
    VectorDesc desc = VectorDesc.of(op, size, offset(max), bytes, max);
    desc =
        desc.form(form).signed(random.nextBoolean()).immediate(immediate(op, size, bytes / lane));
    desc = op.saturates() && random.nextInt(4) != 0 ? desc.saturating(flag) : desc;
    return sources(op, desc);
  }

  private VectorDesc sources(VectorOp op, VectorDesc desc) {
    int none = VectorDesc.NONE;
    boolean third = op.sources() == 3;
    VectorDesc from =
        switch (op) {
          case ADALP, SHRA, RSHRA, SLI, SRI -> desc.from(offset(16), none, offset(16));
          case TABLE -> desc.from(offset(16), offset(16), random.nextBoolean() ? none : offset(16));
          case CMGT, CMGE, CMEQ ->
              random.nextBoolean()
                  ? desc.from(offset(16), random.nextBoolean() ? none : offset(16))
                  : desc.from(none, offset(16));
          case DUP -> desc.from(none, offset(16));
          default ->
              third
                  ? desc.from(offset(16), offset(16), offset(16))
                  : op.sources() == 1 ? desc.from(offset(16)) : desc.from(offset(16), offset(16));
        };
    boolean lanes = op.byLanes() && op.sources() > 1 && from.b() != none;
    return lanes && (op == VectorOp.DUP || random.nextInt(4) == 0) ? from.broadcasting() : from;
  }

  private int between(int least, int most) {
    return least + random.nextInt(most - least + 1);
  }

  private int offset(int bytes) {
    int all = field.size() * field.count() - Math.max(bytes, 16);
    // Mostly the same few registers.
    return field.at(0)
        + (random.nextInt(8) == 0 ? random.nextInt(all / 8) * 8 : random.nextInt(4) * 16);
  }

  private int size(VectorOp op) {
    return switch (op) {
      case ADDLP, ADALP, XOR_ROTL1, QSHRN, QRSHRN, QSHRUN, QRSHRUN -> between(1, 3);
      case ADDHN, RADDHN, SUBHN, RSUBHN -> between(1, 3);
      case DOT, USDOT, SUDOT -> between(2, 3);
      case QDMULH, QRDMULH, QRDMLAH, QRDMLSH -> between(1, 2);
      case QDMULL, QDMLAL, QDMLSL -> between(2, 3);
      case RECPE, RSQRTE, MMLA, USMMLA -> 2;
      case TABLE, AESE, AESD, AESMC, AESIMC -> 0;
      case CLMUL, SHA512H, SHA512H2, SHA512SU0, SHA512SU1 -> 3;
      default -> op.compareTo(VectorOp.CLMUL) > 0 ? 2 : between(0, 3);
    };
  }

  private Form form(VectorOp op, int size) {
    return switch (op) {
      case QSHRN, QRSHRN, QSHRUN, QRSHRUN, ADDHN, RADDHN, SUBHN, RSUBHN -> Form.NARROW;
      case QDMULL, QDMLAL, QDMLSL -> Form.LONG;
      case ADD, SUB, MUL, MLA, MLS, PMUL, ABD, ABA, SHL, ADDV ->
          size > 0 && random.nextBoolean() ? Form.LONG : Form.SAME;
      case SHR, RSHR -> size > 0 && random.nextBoolean() ? Form.NARROW : Form.SAME;
      case HADD, MIN -> size > 0 && random.nextBoolean() ? Form.WIDE : Form.SAME;
      default -> Form.SAME;
    };
  }

  private int bytes(VectorOp op, Form form, int lane) {
    if (op == VectorOp.ADDV || op == VectorOp.MAXV || op == VectorOp.MINV) {
      return lane;
    }
    if (!op.byLanes()) {
      boolean half = op.compareTo(VectorOp.MMLA) < 0 && lane < 8 && random.nextBoolean();
      return half ? 8 : 16;
    }
    if (form == Form.NARROW) {
      return random.nextInt(4) == 0 ? lane : 8;
    }
    return random.nextInt(4) == 0 ? lane : random.nextInt(4) == 0 ? 8 : 16;
  }

  private int immediate(VectorOp op, int size, int lanes) {
    int bits = 8 << size;
    return switch (op) {
      case SHL, SLI, QSHL, QSHLU, XOR_ROTR -> random.nextInt(bits);
      case SHR, RSHR, SHRA, RSHRA, SRI -> between(1, bits);
      case QSHRN, QRSHRN, QSHRUN, QRSHRUN -> random.nextInt(bits / 2 + 1);
      case REV -> random.nextInt(size + 1);
      case EXT -> random.nextInt(lanes);
      case UNZIP3, ZIP3 -> random.nextInt(3);
      case TABLE -> 16 * random.nextInt(4);
      case ADDV, MAXV, MINV -> 16 >> size;
      case SM3TT1A, SM3TT1B, SM3TT2A, SM3TT2B -> random.nextInt(4);
      default -> 0;
    };
  }
}
