package dev.kasuari.tcg.ir;

import java.util.Locale;

/**
 * What a {@link VectorDesc} asks for. An operation on lanes is one function of the lanes x, y and z
 * at the same place in the sources, and of the immediate n; whether lanes have a sign is the
 * descriptor's, and called "signed" here. The others look at whole sources.
 *
 * <p>Results are modulo the bits of a lane. What is said to saturate instead goes to the nearest
 * value of the result's range, and then sets the descriptor's sticky flag.
 */
public enum VectorOp {
  // ---- logic -----------------------------------------------------------------------------------
  MOV(1),
  /** y, of which one lane is broadcast. */
  DUP(2),
  NOT(1),
  AND(2),
  /** {@code x & ~y}. */
  ANDC(2),
  OR(2),
  /** {@code x | ~y}. */
  ORC(2),
  XOR(2),
  /** {@code x ^ y ^ z}. */
  XOR3(3),
  /** {@code x ^ (y & ~z)}. */
  XOR_ANDC(3),
  /** {@code x & y | ~x & z}. */
  SELECT(3),
  /** {@code x ^ y}, rotated right by n. */
  XOR_ROTR(2),
  /** x ^ (y rotated left by one). */
  XOR_ROTL1(2),

  // ---- arithmetic ------------------------------------------------------------------------------
  NEG(1),
  ABS(1),
  ADD(2),
  SUB(2),
  MUL(2),
  /** {@code z + x * y}. */
  MLA(3),
  /** {@code z - x * y}. */
  MLS(3),
  /** Carry-less product. */
  PMUL(2),
  MIN(2),
  MAX(2),
  /** {@code |x - y|}. */
  ABD(2),
  /** {@code z + |x - y|}. */
  ABA(3),
  /** {@code (x + y) >> 1} without loss. */
  HADD(2),
  /** {@code (x + y + 1) >> 1}. */
  RHADD(2),
  /** {@code (x - y) >> 1}. */
  HSUB(2),
  /** Sum of the two halves of x. */
  ADDLP(1),
  /** {@code z} plus the sum of the two halves of x. */
  ADALP(3),
  /** z plus the products of the quarters of x and y. */
  DOT(3),
  /** The same, those of x having no sign and those of y having one. */
  USDOT(3),
  /** The same the other way round. */
  SUDOT(3),

  // ---- saturating ------------------------------------------------------------------------------
  QADD(2),
  QSUB(2),
  /** x with a sign plus y without one, to a signed result. */
  SUQADD(2),
  /** x without a sign plus y with one, to an unsigned result. */
  USQADD(2),
  QNEG(1),
  QABS(1),
  /** The upper half of 2xy. */
  QDMULH(2),
  /** The same, rounded. */
  QRDMULH(2),
  /** The upper half of z with as many zeros below plus 2xy, rounded. */
  QRDMLAH(3),
  /** The same minus 2xy. */
  QRDMLSH(3),
  /** 2xy. */
  QDMULL(2),
  /** z plus the saturated 2xy. */
  QDMLAL(3),
  QDMLSL(3),

  // ---- comparisons: all ones or all zeros ------------------------------------------------------
  CMEQ(2),
  CMGT(2),
  CMGE(2),
  /** {@code (x & y) != 0}. */
  CMTST(2),

  // ---- bits ------------------------------------------------------------------------------------
  /** Bits below the highest that equal it. */
  CLS(1),
  CLZ(1),
  CNT(1),
  RBIT(1),
  /** Parts of {@code 1 << n} bytes in reverse order. */
  REV(1),

  // ---- shifts by the immediate -----------------------------------------------------------------
  SHL(1),
  SHR(1),
  /** Rounded: what was shifted out last is added. */
  RSHR(1),
  /** {@code z + (x >> n)}. */
  SHRA(3),
  RSHRA(3),
  /** {@code x << n} over the bits of z. */
  SLI(3),
  /** {@code x >> n} under the bits of z. */
  SRI(3),
  QSHL(1),
  /** With a sign, to a result without one. */
  QSHLU(1),
  /** {@code x >> n}, to half the bits. */
  QSHRN(1),
  QRSHRN(1),
  /** With a sign, to half the bits without one. */
  QSHRUN(1),
  QRSHRUN(1),

  // ---- shifts by lanes: left by y's low byte, which has a sign ---------------------------------
  SHIFT(2),
  RSHIFT(2),
  QSHIFT(2),
  QRSHIFT(2),

  // ---- upper halves ----------------------------------------------------------------------------
  /** {@code (x + y)}, its upper half, to half the bits. */
  ADDHN(2),
  RADDHN(2),
  SUBHN(2),
  RSUBHN(2),

  // ---- estimates of fixed-point numbers --------------------------------------------------------
  /** About 1/x, 0.5 ≤ x &lt; 1; all ones if x is smaller. */
  RECPE(1),
  /** About 1/√x, 0.25 ≤ x &lt; 1; all ones if x is smaller. */
  RSQRTE(1),

  // ---- whole sources: lanes in another order ---------------------------------------------------
  /** Lanes of a and b by turns, from their lower halves. */
  ZIP1(2),
  ZIP2(2),
  /** The even lanes of a, then of b. */
  UZP1(2),
  UZP2(2),
  /** Even lanes of a and b by turns. */
  TRN1(2),
  TRN2(2),
  /** Lanes of a and then of b, from lane n. */
  EXT(2),
  /** Lane k of the result is lane 3k + n of a, b and c one behind the other. */
  UNZIP3(3),
  /** Lanes of a, b and c by turns, of which this is the n-th part. */
  ZIP3(3),
  /** Of the 16 lanes of a, the one that b − n numbers; the lane of c where there is none. */
  TABLE(3),

  // ---- whole sources: neighbours, and all of n lanes to the first ------------------------------
  ADDP(2),
  MAXP(2),
  MINP(2),
  ADDV(1),
  MAXV(1),
  MINV(1),
  /** z, two by two, plus the products of rows of eight of a and b. */
  MMLA(3),
  /** The same, lanes of a having no sign and those of b having one. */
  USMMLA(3),

  // ---- whole sources: cryptography, as the Arm architecture defines the steps ------------------
  /** The 128 bits of a carry-less product of 64 bits. */
  CLMUL(2),
  AESE(2),
  AESD(2),
  AESMC(1),
  AESIMC(1),
  SHA1C(3),
  SHA1P(3),
  SHA1M(3),
  SHA1SU0(3),
  SHA1SU1(2),
  SHA256H(3),
  SHA256H2(3),
  SHA256SU0(2),
  SHA256SU1(3),
  SHA512H(3),
  SHA512H2(3),
  SHA512SU0(2),
  SHA512SU1(3),
  SM3SS1(3),
  SM3TT1A(3),
  SM3TT1B(3),
  SM3TT2A(3),
  SM3TT2B(3),
  SM3PARTW1(3),
  SM3PARTW2(3),
  SM4E(2),
  SM4EKEY(2);

  private final int sources;

  VectorOp(int sources) {
    this.sources = sources;
  }

  /** How many sources it looks at; z is the third even if it has no second. */
  public int sources() {
    return sources;
  }

  /** Whether each lane of the result is a function of the lanes at the same place. */
  public boolean byLanes() {
    return compareTo(ZIP1) < 0;
  }

  /** Whether a lane that does not fit becomes the nearest value, and sets the sticky flag. */
  public boolean saturates() {
    return switch (this) {
      case QADD, QSUB, SUQADD, USQADD, QNEG, QABS, QDMULH, QRDMULH, QRDMLAH, QRDMLSH -> true;
      case QDMULL, QDMLAL, QDMLSL, QSHL, QSHLU, QSHRN, QRSHRN, QSHRUN, QRSHRUN -> true;
      case QSHIFT, QRSHIFT -> true;
      default -> false;
    };
  }

  /** As {@code -d op} prints it. */
  public String mnemonic() {
    return name().toLowerCase(Locale.ROOT);
  }
}
