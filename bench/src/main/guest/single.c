// y = a x + y and a polynomial in single precision.
#include "bench.h"

#define N 1024
static float x[N], y[N];

uint64_t kernel(uint64_t work) {
  for (int i = 0; i < N; i++) {
    x[i] = (float)i * 0.001f;
    y[i] = 1.0f - x[i];
  }
  while (work--) {
    float a = (float)(int)(work & 15) * 0.0625f - 0.5f;
    for (int i = 0; i < N; i++) y[i] = a * x[i] + y[i];
    for (int i = 0; i < N; i++) x[i] = (((0.1f * x[i] - 0.3f) * x[i] + 0.2f) * x[i] + 0.7f) * x[i];
    for (int i = 0; i < N; i++) x[i] = x[i] * 0.75f + 0.25f - (float)i * 0.0001f;
  }
  uint64_t sum = 0;
  for (int i = 0; i < N; i++) sum = mix(sum, bits_of((double)x[i]) ^ bits_of((double)y[i]));
  return sum;
}
