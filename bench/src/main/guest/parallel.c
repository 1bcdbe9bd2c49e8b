// Pieces of work from a common counter, taken by as many CPUs as there are.
#include "bench.h"

static uint64_t wanted, next, total;
static uint32_t data[8][1024];

static uint64_t piece(uint64_t number, uint32_t *own) {
  uint64_t random = number + 1, sum = 0;
  for (int i = 0; i < 1024; i++) own[i] = (uint32_t)next_random(&random);
  for (int gap = 364; gap > 0; gap /= 3) {
    for (int i = gap; i < 1024; i++) {
      uint32_t v = own[i];
      int j = i;
      for (; j >= gap && own[j - gap] > v; j -= gap) own[j] = own[j - gap];
      own[j] = v;
    }
  }
  for (int i = 0; i < 1024; i++) sum = mix(sum, own[i]);
  return sum;
}

static void share(uint64_t cpu) {
  for (;;) {
    uint64_t number = __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED);
    if (number >= wanted) return;
    uint64_t sum = piece(number, data[cpu]);
    __atomic_fetch_add(&total, sum, __ATOMIC_RELAXED);
  }
}

uint64_t kernel(uint64_t work) {
  wanted = work;
  start_others(share);
  share(0);
  wait_for_others();
  return total;
}
