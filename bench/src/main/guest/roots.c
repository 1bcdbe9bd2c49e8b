// Square roots and divisions, double and single.
#include "bench.h"
#include "target.h"

uint64_t kernel(uint64_t work) {
  double sum = 0;
  float small = 1;
  while (work--) {
    for (int i = 1; i <= 256; i++) {
      double x = i + (double)(int)(work & 1023);
      double root = square_root(x);
      sum += 1 / root + x / (root + 3);
      float f = square_root_single((float)x);
      small = (small + f) / (f + 1.5f);
    }
  }
  return bits_of(sum) ^ bits_of((double)small);
}
