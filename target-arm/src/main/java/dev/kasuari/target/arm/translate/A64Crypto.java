package dev.kasuari.target.arm.translate;

import dev.kasuari.target.arm.isa.A64Instructions;
import dev.kasuari.tcg.ir.VectorOp;

/** Steps of ciphers and hashes, in SIMD registers. Source: DDI 0487, C7.2. */
interface A64Crypto extends A64Instructions<A64> {
  // ---- AES
  // -----------------------------------------------------------------------------------------

  @Override
  default void aese(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.AESE, Simd.BYTES, 0, rd, rd, rn);
  }

  @Override
  default void aesd(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.AESD, Simd.BYTES, 0, rd, rd, rn);
  }

  @Override
  default void aesmc(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.AESMC, Simd.BYTES, 0, rd, rn);
  }

  @Override
  default void aesimc(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.AESIMC, Simd.BYTES, 0, rd, rn);
  }

  // ---- SHA1, SHA256 and SHA512
  // ---------------------------------------------------------------------

  @Override
  default void sha1c(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA1C, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha1p(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA1P, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha1m(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA1M, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha1su0(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA1SU0, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha1su1(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA1SU1, Simd.SINGLES, 0, rd, rd, rn);
  }

  @Override
  default void sha1h(A64 t, int rn, int rd) {
    Simd.shift(t, VectorOp.XOR_ROTR, false, 3, Simd.SINGLES, 2, rn, rd);
  }

  @Override
  default void sha256h(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA256H, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha256h2(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA256H2, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha256su1(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA256SU1, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha256su0(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA256SU0, Simd.SINGLES, 0, rd, rd, rn);
  }

  @Override
  default void sha512h(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA512H, Simd.DOUBLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha512h2(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA512H2, Simd.DOUBLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha512su1(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA512SU1, Simd.DOUBLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sha512su0(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.SHA512SU0, Simd.DOUBLES, 0, rd, rd, rn);
  }

  // ---- SHA3
  // ----------------------------------------------------------------------------------------

  @Override
  default void rax1(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.XOR_ROTL1, Simd.DOUBLES, 0, rd, rn, rm);
  }

  @Override
  default void eor3(A64 t, int rm, int ra, int rn, int rd) {
    Simd.crypto(t, VectorOp.XOR3, Simd.DOUBLES, 0, rd, rn, rm, ra);
  }

  @Override
  default void bcax(A64 t, int rm, int ra, int rn, int rd) {
    Simd.crypto(t, VectorOp.XOR_ANDC, Simd.DOUBLES, 0, rd, rn, rm, ra);
  }

  @Override
  default void xar(A64 t, int rm, int amount, int rn, int rd) {
    Simd.crypto(t, VectorOp.XOR_ROTR, Simd.DOUBLES, amount, rd, rn, rm);
  }

  // ---- SM3 and SM4
  // ---------------------------------------------------------------------------------

  @Override
  default void sm3ss1(A64 t, int rm, int ra, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3SS1, Simd.SINGLES, 0, rd, rn, rm, ra);
  }

  @Override
  default void sm3tt1a(A64 t, int rm, int index, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3TT1A, Simd.SINGLES, index, rd, rd, rn, rm);
  }

  @Override
  default void sm3tt1b(A64 t, int rm, int index, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3TT1B, Simd.SINGLES, index, rd, rd, rn, rm);
  }

  @Override
  default void sm3tt2a(A64 t, int rm, int index, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3TT2A, Simd.SINGLES, index, rd, rd, rn, rm);
  }

  @Override
  default void sm3tt2b(A64 t, int rm, int index, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3TT2B, Simd.SINGLES, index, rd, rd, rn, rm);
  }

  @Override
  default void sm3partw1(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3PARTW1, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sm3partw2(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM3PARTW2, Simd.SINGLES, 0, rd, rd, rn, rm);
  }

  @Override
  default void sm4ekey(A64 t, int rm, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM4EKEY, Simd.SINGLES, 0, rd, rn, rm);
  }

  @Override
  default void sm4e(A64 t, int rn, int rd) {
    Simd.crypto(t, VectorOp.SM4E, Simd.SINGLES, 0, rd, rd, rn);
  }
}
