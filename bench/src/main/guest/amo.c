// Read-modify-write instructions of one CPU.
#include "bench.h"

static uint64_t cells[64];

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (uint64_t i = 0; i < 64; i++) {
      sum += __atomic_fetch_add(&cells[i], i, __ATOMIC_RELAXED);
      sum ^= __atomic_exchange_n(&cells[i ^ 21], sum, __ATOMIC_ACQ_REL);
      sum += __atomic_fetch_or((uint32_t *)&cells[i ^ 42], 5, __ATOMIC_SEQ_CST);
    }
  }
  return sum;
}
