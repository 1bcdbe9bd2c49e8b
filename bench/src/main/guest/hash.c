// An open hash table of 16,384 places: insert, look up, delete.
#include "bench.h"

#define PLACES 16384
static struct { uint64_t key, value; } table[PLACES];

static inline uint64_t place(uint64_t key) { return key * 0x9e3779b97f4a7c15ULL >> 50; }

uint64_t kernel(uint64_t work) {
  uint64_t random = 7, sum = 0, used = 0;
  while (work--) {
    uint64_t r = next_random(&random);
    for (int n = 0; n < 64; n++) {
      uint64_t key = (r += 0x12345678123457) >> 49 | 1, at = place(key);
      while (table[at].key != 0 && table[at].key != key) at = (at + 1) % PLACES;
      if (table[at].key == key) {
        sum += table[at].value++;
      } else if (used < PLACES / 2) {
        table[at].key = key;
        table[at].value = r;
        used++;
      } else {
        sum ^= key;
      }
    }
  }
  return sum;
}
