// Polynomials by fused multiply-add, four at a time.
#include "bench.h"

uint64_t kernel(uint64_t work) {
  double a = 0.1, b = 0.2, c = 0.3, d = 0.4;
  while (work--) {
    for (int i = 0; i < 256; i++) {
      double x = i * 0.00390625;
      a = __builtin_fma(a, x, -0.5);
      b = __builtin_fma(-b, x, 0.25);
      c = __builtin_fma(c, x, -a);
      d = -__builtin_fma(d, x, b);
    }
  }
  return bits_of(a) ^ bits_of(b) >> 1 ^ bits_of(c) >> 2 ^ bits_of(d) >> 3;
}
