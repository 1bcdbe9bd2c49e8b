// Quicksort of 4,096 numbers, small parts by insertion.
#include "bench.h"

#define COUNT 4096
static uint32_t numbers[COUNT];

static NOINLINE void sort(uint32_t *from, uint32_t *to) {
  while (to - from > 12) {
    uint32_t pivot = from[(to - from) / 2];
    uint32_t *i = from, *j = to - 1;
    while (i <= j) {
      while (*i < pivot) i++;
      while (pivot < *j) j--;
      if (i <= j) {
        uint32_t t = *i;
        *i++ = *j;
        *j-- = t;
      }
    }
    sort(from, j + 1);
    from = i;
  }
  for (uint32_t *i = from + 1; i < to; i++) {
    uint32_t value = *i, *j = i;
    for (; j > from && j[-1] > value; j--) *j = j[-1];
    *j = value;
  }
}

uint64_t kernel(uint64_t work) {
  uint64_t random = 3, sum = 0;
  while (work--) {
    for (int i = 0; i < COUNT; i++) numbers[i] = (uint32_t)next_random(&random);
    sort(numbers, numbers + COUNT);
    sum = mix(sum, numbers[COUNT / 3] ^ (uint64_t)numbers[COUNT / 2] << 32);
  }
  return sum;
}
