// System registers as a kernel uses them: a scratch register swapped, interrupts off and on.
#include "events.h"

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0, scratch = 1;
  while (work--) {
    for (int i = 0; i < 100; i++) {
      uint64_t before = READ(daif);
      __asm__ volatile("msr daifset, #2" ::: "memory");
      uint64_t old = READ(tpidr_el1);
      WRITE(tpidr_el1, scratch);
      scratch = old + 3;
      WRITE(daif, before);
      sum += scratch;
    }
  }
  return sum;
}
