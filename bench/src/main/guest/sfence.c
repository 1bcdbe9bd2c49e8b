// All translations are forgotten, then 16 pages are used.
#include "bench.h"
#include "tables.h"

static uint64_t memory[16][512] __attribute__((aligned(4096)));

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (int n = 0; n < 10; n++) {
      forget_translations();
      for (int i = 0; i < 16; i++) sum += memory[i][i * 8]++;
    }
  }
  return sum;
}
