// Follows pointers through CHASE_BYTES in no order, a cache line each.
#include "bench.h"

#define LINES (CHASE_BYTES / 64)
static struct line { struct line *next; uint64_t rest[7]; } lines[LINES] __attribute__((aligned(64)));

uint64_t kernel(uint64_t work) {
  uint64_t random = 9, sum = 0;
  // Sattolo's algorithm: one cycle through all, kept in rest[0] until it is known.
  for (uint64_t i = 0; i < LINES; i++) lines[i].rest[0] = i;
  for (uint64_t i = LINES - 1; i > 0; i--) {
    uint64_t j = next_random(&random) % i, t = lines[i].rest[0];
    lines[i].rest[0] = lines[j].rest[0];
    lines[j].rest[0] = t;
  }
  for (uint64_t i = 0; i < LINES; i++) lines[i].next = &lines[lines[i].rest[0]];
  const struct line *at = lines;
  while (work--) {
    for (int i = 0; i < 1024; i++) at = at->next;
    sum = mix(sum, at->rest[0]);
  }
  return sum;
}
