package dev.kasuari.tcg.x86_64;

import static dev.kasuari.tcg.x86_64.Xmm.XMM0;
import static dev.kasuari.tcg.x86_64.Xmm.XMM1;
import static dev.kasuari.tcg.x86_64.Xmm.XMM2;
import static dev.kasuari.tcg.x86_64.Xmm.XMM3;
import static dev.kasuari.tcg.x86_64.Xmm.XMM4;

import dev.kasuari.tcg.ir.VectorDesc;

/**
 * The hashes of {@link VectorCode}, by the host's SHA extensions. Arm keeps A to D and E to H in
 * ascending lanes, the host in descending ones, and of SHA-256 A, B, E, F in one register.
 */
final class VectorHashes {
  private static final int DESCENDING = 0x1b;
  private static final int PAIRS_SWAPPED = 0xb1;

  /** FIPS 180-4, 4.2.1: what the host adds in a round, and Arm's schedule has already. */
  private static final int[] SHA1_CONSTANTS = {0x5a82_7999, 0x6ed9_eba1, 0x8f1b_bcdc};

  private final Assembler a;
  private final VectorOperands operands;

  VectorHashes(Assembler assembler, VectorOperands operands) {
    this.a = assembler;
    this.operands = operands;
  }

  /** With x, y and z loaded; false if the operation is none of these. */
  boolean emit(VectorDesc d) {
    switch (d.op()) {
      case SHA1C -> sha1(0);
      case SHA1P -> sha1(1);
      case SHA1M -> sha1(2);
      case SHA1SU0 -> {
        a.palignr(XMM1, XMM0, 8);
        a.packed(Packed.PXOR, XMM0, XMM1);
        a.packed(Packed.PXOR, XMM0, XMM2);
      }
      case SHA1SU1 -> sha1Schedule();
      case SHA256H -> sha256(XMM0, XMM1, true);
      case SHA256H2 -> sha256(XMM1, XMM0, false);
      case SHA256SU0 -> a.sha256msg1(XMM0, XMM1);
      case SHA256SU1 -> {
        a.movaps(XMM3, XMM2);
        a.palignr(XMM3, XMM1, 4);
        a.packed(Packed.PADDD, XMM0, XMM3);
        a.sha256msg2(XMM0, XMM2);
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  /** Four rounds; E is added to the first word of the schedule. */
  private void sha1(int function) {
    operands.lanes(XMM3, 2, SHA1_CONSTANTS[function]);
    a.packed(Packed.PSUBD, XMM2, XMM3);
    operands.constant(XMM3, 0xffff_ffffL, 0);
    a.packed(Packed.PAND, XMM1, XMM3);
    a.packed(Packed.PADDD, XMM2, XMM1);
    a.pshufd(XMM2, XMM2, DESCENDING);
    a.pshufd(XMM0, XMM0, DESCENDING);
    a.sha1rnds4(XMM0, XMM2, function);
    a.pshufd(XMM0, XMM0, DESCENDING);
  }

  private void sha1Schedule() {
    a.psrldq(XMM1, 4);
    a.packed(Packed.PXOR, XMM0, XMM1);
    a.movaps(XMM2, XMM0);
    a.pslldq(XMM2, 12);
    rotateLeft(XMM2, 2);
    rotateLeft(XMM0, 1);
    a.packed(Packed.PXOR, XMM0, XMM2);
  }

  private void rotateLeft(Xmm x, int n) {
    a.movaps(XMM3, x);
    a.shiftLeft(2, x, n);
    a.shiftRight(2, XMM3, 32 - n);
    a.packed(Packed.POR, x, XMM3);
  }

  /** Twice two rounds, each of which makes the other half of the state. */
  private void sha256(Xmm abcd, Xmm efgh, boolean first) {
    a.movaps(XMM3, efgh);
    a.packed(Packed.PUNPCKLQDQ, XMM3, abcd);
    a.movaps(XMM4, efgh);
    a.packed(Packed.PUNPCKHQDQ, XMM4, abcd);
    a.pshufd(XMM3, XMM3, PAIRS_SWAPPED);
    a.pshufd(XMM4, XMM4, PAIRS_SWAPPED);
    a.movaps(XMM0, XMM2);
    a.sha256rnds2(XMM4, XMM3);
    a.pshufd(XMM0, XMM2, 0x0e);
    a.sha256rnds2(XMM3, XMM4);
    a.pshufd(XMM0, XMM3, PAIRS_SWAPPED);
    a.pshufd(XMM4, XMM4, PAIRS_SWAPPED);
    a.packed(first ? Packed.PUNPCKHQDQ : Packed.PUNPCKLQDQ, XMM0, XMM4);
  }
}
