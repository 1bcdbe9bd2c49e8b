// Code that is written, run a few times and written again, as compilers in guests do.
#include "bench.h"

static uint32_t code[16][64];

uint64_t kernel(uint64_t work) {
  uint64_t sum = 1;
  while (work--) {
    for (int i = 0; i < 16; i++) {
      uint32_t *at = code[i];
      for (uint32_t n = 0; n < 20; n++) {
        *at++ = 0x00050513 | ((uint32_t)work + n + (uint32_t)i) << 20; // addi a0, a0, ...
        *at++ = 0x00151593;                                          // slli a1, a0, 1
        *at++ = 0x00b54533;                                          // xor a0, a0, a1
      }
      *at = 0x00008067; // ret
    }
    __asm__ volatile("fence.i" ::: "memory");
    for (int n = 0; n < 3; n++) {
      for (int i = 0; i < 16; i++) sum = ((uint64_t(*)(uint64_t))(void *)code[i])(sum);
    }
  }
  return sum;
}
