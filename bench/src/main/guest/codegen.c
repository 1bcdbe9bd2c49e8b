// Code that is written, run a few times and written again, as compilers in guests do.
#include "bench.h"
#include "target.h"

static uint32_t code[16][64];

uint64_t kernel(uint64_t work) {
  uint64_t sum = 1;
  while (work--) {
    for (int i = 0; i < 16; i++) write_code(code[i], (uint32_t)work + (uint32_t)i);
    synchronize_code(code, sizeof code);
    for (int n = 0; n < 3; n++) {
      for (int i = 0; i < 16; i++) sum = ((uint64_t(*)(uint64_t))(void *)code[i])(sum);
    }
  }
  return sum;
}
