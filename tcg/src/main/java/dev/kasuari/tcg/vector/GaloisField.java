package dev.kasuari.tcg.vector;

/** Arithmetic in GF(2⁸), of which a polynomial of degree 8 says how it is reduced. */
final class GaloisField {
  private GaloisField() {}

  static int multiply(int polynomial, int x, int y) {
    int product = 0;
    int power = x;
    for (int left = y; left != 0; left >>= 1) {
      product ^= (left & 1) * power;
      power <<= 1;
      power ^= (power >> 8) * polynomial;
    }
    return product;
  }

  /** x to the 254th, which is 0 for 0. */
  static int inverse(int polynomial, int x) {
    int inverse = 1;
    int power = x;
    for (int exponent = 254; exponent != 0; exponent >>= 1) {
      if ((exponent & 1) != 0) {
        inverse = multiply(polynomial, inverse, power);
      }
      power = multiply(polynomial, power, power);
    }
    return inverse;
  }
}
