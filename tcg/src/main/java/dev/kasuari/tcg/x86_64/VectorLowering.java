package dev.kasuari.tcg.x86_64;

import dev.kasuari.tcg.ir.VectorDesc;
import dev.kasuari.tcg.ir.VectorDesc.Form;

/**
 * Which vector operations are host instructions, and which leave for Java: those that the host does
 * with a few instructions, of 8 or 16 bytes, on hosts with SSE4.1. {@code vector-operations.txt} of
 * the tests lists them.
 */
final class VectorLowering {
  private final CpuFeatures features;

  VectorLowering(CpuFeatures features) {
    this.features = features;
  }

  /** Whether {@link VectorCode} emits it. */
  boolean inline(VectorDesc d) {
    return features.has(CpuFeature.SSE4_1) && fits(d) && operation(d);
  }

  private static boolean fits(VectorDesc d) {
    int bytes = d.bytes();
    return switch (d.op()) {
      case DUP -> d.form() == Form.SAME && bytes <= 16 && (d.max() == bytes || d.max() == 16);
      case XOR_ROTR -> whole(d) || (bytes == 4 && d.max() == 16 && d.form() == Form.SAME);
      case CLMUL, AESE, AESD, AESMC, AESIMC -> bytes == 16 && d.max() == 16;
      case ADDV, MAXV, MINV -> d.max() == 16 && reduces(d);
      default -> whole(d);
    };
  }

  private static boolean reduces(VectorDesc d) {
    int read = d.lanes(0) << d.sizeOfA();
    return d.lanes() == 1 && (read == 8 || read == 16);
  }

  private static boolean whole(VectorDesc d) {
    return switch (d.form()) {
      case SAME -> (d.bytes() == 16 && d.max() == 16) || half(d);
      case LONG, WIDE -> d.bytes() == 16 && d.max() == 16;
      case NARROW -> half(d);
    };
  }

  private static boolean half(VectorDesc d) {
    return d.bytes() == 8 && (d.max() == 8 || d.max() == 16);
  }

  private boolean operation(VectorDesc d) {
    int size = d.size();
    return switch (d.op()) {
      case MOV, DUP, NOT, AND, ANDC, OR, ORC, XOR, XOR3, XOR_ANDC, SELECT -> true;
      case XOR_ROTR -> size >= 2;
      case XOR_ROTL1 -> size == 3;
      case NEG, ADD, SUB, CMEQ, CMTST, REV -> true;
      case ABS -> d.signed();
      case MUL, MLA, MLS -> size < 3 || d.form() == Form.LONG;
      case MIN, MAX, ABD, ABA -> size < 3;
      case HADD, HSUB -> size == 1 || size == 2;
      case RHADD -> !d.signed() && size < 2;
      case ADDLP, ADALP -> size == 1 || size == 2 || (size == 3 && !d.signed());
      case CMGT, CMGE -> size < 3 || features.has(CpuFeature.SSE4_2);
      case CNT, RBIT -> size == 0;
      case SHL, SHR, SHRA, RSHR, RSHRA, SLI, SRI -> true;
      case ADDHN, RADDHN, SUBHN, RSUBHN -> true;
      case QADD, QSUB -> size < 2 && d.form() == Form.SAME;
      case QSHRN, QRSHRN -> size < 3;
      case QSHRUN, QRSHRUN -> size < 3 && d.signed();
      case QDMULH, QRDMULH -> size == 1 && d.signed() && d.form() == Form.SAME;
      case ZIP1, ZIP2, UZP1, UZP2, TRN1, TRN2, EXT, UNZIP3, ZIP3, TABLE -> true;
      case ADDP -> true;
      case MAXP, MINP -> size < 3;
      case ADDV -> d.form() == Form.SAME || (size == 1 && !d.signed());
      case MAXV, MINV -> size < 3 && d.form() == Form.SAME;
      case CLMUL -> features.has(CpuFeature.PCLMUL);
      case AESE, AESD, AESMC, AESIMC -> features.has(CpuFeature.AES);
      case SHA1SU0, SHA1SU1 -> true;
      case SHA1C, SHA1P, SHA1M, SHA256H, SHA256H2, SHA256SU0, SHA256SU1 ->
          features.has(CpuFeature.SHA);
      default -> false;
    };
  }
}
