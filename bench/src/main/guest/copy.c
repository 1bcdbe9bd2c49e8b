// Copies 4 MiB, eight words a round.
#include "bench.h"

#define WORDS (4 << 20 >> 3)
static uint64_t from[WORDS], to[WORDS];

static NOINLINE void copy(uint64_t *t, const uint64_t *f) {
  for (int i = 0; i < WORDS; i += 8, t += 8, f += 8) {
    uint64_t a = f[0], b = f[1], c = f[2], d = f[3], e = f[4], g = f[5], h = f[6], k = f[7];
    t[0] = a; t[1] = b; t[2] = c; t[3] = d; t[4] = e; t[5] = g; t[6] = h; t[7] = k;
  }
}

uint64_t kernel(uint64_t work) {
  for (uint64_t i = 0; i < WORDS; i++) from[i] = i * i;
  while (work--) {
    copy(to, from);
    from[work % WORDS] ^= to[work * 77 % WORDS];
  }
  return to[WORDS / 2] ^ to[WORDS - 1] ^ from[100];
}
