// Decisions that depend on data: the lengths of Collatz sequences and walks through a search tree.
#include "bench.h"

#define NODES 1024
static uint32_t keys[NODES];

uint64_t kernel(uint64_t work) {
  uint64_t random = 5, sum = 0;
  for (uint32_t i = 0; i < NODES; i++) keys[i] = i << 22 | 0x1fffff;
  while (work--) {
    uint64_t n = next_random(&random) >> 44 | 1;
    while (n != 1) {
      if (n & 1) n = 3 * n + 1; else n >>= 1;
      sum++;
    }
    for (int i = 0; i < 8; i++) {
      uint32_t wanted = (uint32_t)next_random(&random);
      uint32_t low = 0, high = NODES;
      while (low < high) {
        uint32_t at = (low + high) / 2;
        if (keys[at] < wanted) low = at + 1;
        else if (keys[at] > wanted + 0x100000) high = at;
        else { sum += 3; break; }
      }
      sum = sum * 3 + low;
    }
  }
  return sum;
}
