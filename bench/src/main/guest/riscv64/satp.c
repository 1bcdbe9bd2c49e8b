// Two address spaces with identifiers of their own take turns; each uses 16 pages.
#include "events.h"

static uint64_t memory[16][512] __attribute__((aligned(4096)));

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0, space = CSR_READ(satp);
  while (work--) {
    for (uint64_t n = 0; n < 10; n++) {
      CSR_WRITE(satp, space | (1 + (n & 1)) << 44);
      for (int i = 0; i < 16; i++) sum += memory[i][i * 8]++;
    }
  }
  CSR_WRITE(satp, space);
  return sum;
}
