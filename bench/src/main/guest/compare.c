// Comparisons, minimum and maximum, signs and classes: sorting doubles and finding extremes.
#include "bench.h"
#include "target.h"

#define N 256
static double values[N];

uint64_t kernel(uint64_t work) {
  uint64_t random = 13, sum = 0;
  while (work--) {
    double low = 1e300, high = -1e300;
    for (int i = 0; i < N; i++) {
      values[i] = (double)(int32_t)next_random(&random);
      low = minimum(low, values[i]);
      high = maximum(high, values[i]);
    }
    for (int gap = 121; gap > 0; gap /= 3) {
      for (int i = gap; i < N; i++) {
        double v = values[i];
        int j = i;
        for (; j >= gap && values[j - gap] > v; j -= gap) values[j] = values[j - gap];
        values[j] = v;
      }
    }
    int signs = 0;
    for (int i = 0; i < N; i++) {
      double negated = __builtin_copysign(values[i], -values[N - 1 - i]);
      signs += class_of(negated) + (__builtin_fabs(negated) <= high) + (negated == values[i]);
    }
    sum = mix(sum, bits_of(values[N / 2]) ^ bits_of(low) ^ bits_of(high) << 1 ^ (uint64_t)signs);
  }
  return sum;
}
