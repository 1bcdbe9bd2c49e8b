// Load-reserved and store-conditional: compare-and-swap loops of one CPU.
#include "bench.h"

static uint64_t cells[64];

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (uint64_t i = 0; i < 64; i++) {
      uint64_t old = cells[i];
      while (!__atomic_compare_exchange_n(&cells[i], &old, old * 5 + i, 0, __ATOMIC_ACQ_REL, __ATOMIC_RELAXED)) {
      }
      sum += old;
    }
  }
  return sum;
}
