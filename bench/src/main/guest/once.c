// Functions that were generated (OnceCode), each called once: what translation costs.
#include "bench.h"

__asm__(
    ".section .data\n"
    ".balign 4096\n"
    "blob:\n"
    ".incbin \"" BLOB "\"\n"
    ".previous\n");
// The number of functions, then where each begins, then the functions.
extern const uint32_t blob[];
static uint64_t memory[64];

uint64_t kernel(uint64_t work) {
  uint64_t sum = work;
  for (uint32_t i = 1; i <= blob[0]; i++) {
    uint64_t (*function)(uint64_t, uint64_t *) = (void *)((const char *)blob + blob[i]);
    sum = function(sum, memory);
  }
  return mix(sum, memory[5]);
}
