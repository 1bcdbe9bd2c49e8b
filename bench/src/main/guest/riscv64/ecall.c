// Environment calls from machine mode to machine mode.
#include "events.h"

SKIPPING_HANDLER(handler, "m")

uint64_t kernel(uint64_t work) {
  CSR_WRITE(mtvec, handler);
  while (work--) {
    for (int i = 0; i < 100; i++) __asm__ volatile("ecall" ::: "t5", "t6", "memory");
  }
  return handler_count;
}
