// Fills 4 MiB with words and with bytes.
#include "bench.h"

#define BYTES (4 << 20)
static uint64_t memory[BYTES / 8];

static NOINLINE void words(uint64_t *m, uint64_t value) {
  for (uint64_t *end = m + BYTES / 8; m < end; m += 4) m[0] = m[1] = m[2] = m[3] = value;
}

static NOINLINE void bytes(uint8_t *m, uint8_t value) {
  for (uint8_t *end = m + BYTES / 8; m < end; m++) *m = value;
}

uint64_t kernel(uint64_t work) {
  while (work--) {
    words(memory, work * 0x0101010101010101ULL);
    bytes((uint8_t *)memory, (uint8_t)work);
  }
  return memory[0] ^ memory[BYTES / 8 - 1];
}
