// Adds up 8 MiB as words of 8, 4, 2 and 1 bytes.
#include "bench.h"

#define BYTES (8 << 20)
static uint64_t memory[BYTES / 8];

#define SUM(type) \
  static NOINLINE uint64_t sum_##type(const type *m) { \
    uint64_t sum = 0; \
    for (const type *end = m + (BYTES >> 2) / sizeof *m; m < end; m++) sum += *m; \
    return sum; \
  }
SUM(uint64_t)
SUM(int32_t)
SUM(uint16_t)
SUM(int8_t)

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  for (uint64_t i = 0; i < BYTES / 8; i++) memory[i] = i * 0x9e3779b97f4a7c15ULL;
  while (work--) {
    sum = mix(sum, sum_uint64_t(memory) + sum_int32_t((void *)&memory[BYTES / 32]));
    sum = mix(sum, sum_uint16_t((void *)&memory[BYTES / 16]) + sum_int8_t((void *)&memory[BYTES / 32 * 3]));
  }
  return sum;
}
