// Square roots and divisions, double and single.
#include "bench.h"

uint64_t kernel(uint64_t work) {
  double sum = 0;
  float small = 1;
  while (work--) {
    for (int i = 1; i <= 256; i++) {
      double x = i + (double)(int)(work & 1023), root;
      float f;
      __asm__("fsqrt.d %0, %1" : "=f"(root) : "f"(x));
      sum += 1 / root + x / (root + 3);
      __asm__("fsqrt.s %0, %1" : "=f"(f) : "f"((float)x));
      small = (small + f) / (f + 1.5f);
    }
  }
  return bits_of(sum) ^ bits_of((double)small);
}
