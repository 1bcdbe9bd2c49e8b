// Dot products of vectors of 1,024 doubles.
#include "bench.h"

#define N 1024
static double a[N], b[N];

uint64_t kernel(uint64_t work) {
  for (int i = 0; i < N; i++) {
    a[i] = 1.0 / (i + 1);
    b[i] = i * 0.25 - 17;
  }
  double total = 0;
  while (work--) {
    double sum = 0;
    for (int i = 0; i < N; i++) sum += a[i] * b[i];
    a[work % N] = sum * 0.001;
    total += sum;
  }
  return bits_of(total);
}
