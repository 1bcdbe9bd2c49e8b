package dev.kasuari.tcg.vector;

import dev.kasuari.tcg.ir.VectorOp;

/** The operations of cryptography, each by the one who knows. */
final class Cryptography {
  private Cryptography() {}

  static void apply(VectorOp op, int n, long[] x, long[] y, long[] z, long[] to) {
    switch (op) {
      case CLMUL -> {
        to[0] = Polynomials.low(x[0], y[0]);
        to[1] = Polynomials.high(x[0], y[0]);
      }
      case AESE -> Aes.encrypt(x, y, to);
      case AESD -> Aes.decrypt(x, y, to);
      case AESMC -> Aes.mixColumns(x, to);
      case AESIMC -> Aes.inverseMixColumns(x, to);
      case SHA512H -> Sha512.hash(x, y, z, to);
      case SHA512H2 -> Sha512.hash2(x, y, z, to);
      case SHA512SU0 -> Sha512.schedule0(x, y, to);
      case SHA512SU1 -> Sha512.schedule1(x, y, z, to);
      default -> words(op, n, words(x), words(y), words(z), to);
    }
  }

  private static int[] words(long[] lanes) {
    int[] words = new int[lanes.length];
    for (int i = 0; i < words.length; i++) {
      words[i] = (int) lanes[i];
    }
    return words;
  }

  private static void words(VectorOp op, int n, int[] x, int[] y, int[] z, long[] to) {
    int[] result =
        switch (op) {
          case SHA1C, SHA1P, SHA1M -> Sha1.hash(op, x, y[0], z);
          case SHA1SU0 -> Sha1.schedule0(x, y, z);
          case SHA1SU1 -> Sha1.schedule1(x, y);
          case SHA256H -> Sha256.hash(x, y, z, true);
          case SHA256H2 -> Sha256.hash(y, x, z, false);
          case SHA256SU0 -> Sha256.schedule0(x, y);
          case SHA256SU1 -> Sha256.schedule1(x, y, z);
          case SM3SS1 -> Sm3.shared(x, y, z);
          case SM3TT1A, SM3TT1B -> Sm3.first(op == VectorOp.SM3TT1A, x, y, z[n]);
          case SM3TT2A, SM3TT2B -> Sm3.second(op == VectorOp.SM3TT2A, x, y, z[n]);
          case SM3PARTW1 -> Sm3.expand1(x, y, z);
          case SM3PARTW2 -> Sm3.expand2(x, y, z);
          case SM4E -> Sm4.rounds(x, y, false);
          case SM4EKEY -> Sm4.rounds(x, y, true);
          default -> throw new IllegalArgumentException(op.mnemonic() + " is no cryptography");
        };
    for (int i = 0; i < to.length; i++) {
      to[i] = result[i];
    }
  }
}
