// Conversions between integers and floating point, and between the precisions.
#include "bench.h"

uint64_t kernel(uint64_t work) {
  uint64_t random = 12, sum = 0;
  while (work--) {
    uint64_t r = next_random(&random);
    for (int i = 0; i < 64; i++) {
      r = r * 6364136223846793005ULL + 1442695040888963407ULL;
      double d = (double)(int64_t)r;
      float f = (float)(d * 0x1p-24);
      sum += (uint64_t)(int64_t)(d * 0x1p-8);
      sum ^= (uint64_t)(int64_t)(int32_t)(f * 0x1p-12f);
      sum += (uint32_t)((double)(uint32_t)r * 0.5) + (uint64_t)((double)r * 0.25);
      sum += (uint64_t)(int64_t)(float)(int32_t)(r >> 32);
    }
  }
  return sum;
}
