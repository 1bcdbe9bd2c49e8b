// Illegal instructions, as an emulating kernel meets them.
#include "events.h"

SKIPPING_HANDLER(handler, "m")

uint64_t kernel(uint64_t work) {
  CSR_WRITE(mtvec, handler);
  while (work--) {
    for (int i = 0; i < 100; i++) __asm__ volatile(".word 0xffffffff" ::: "t5", "t6", "memory");
  }
  return handler_count;
}
