// Control registers as a kernel uses them: a scratch register swapped, interrupts off and on.
#include "events.h"

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0, scratch = 1;
  CSR_WRITE(sie, 0);
  while (work--) {
    for (int i = 0; i < 100; i++) {
      uint64_t before;
      __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(before)::"memory");
      __asm__ volatile("csrrw %0, sscratch, %0" : "+r"(scratch));
      scratch += 3;
      __asm__ volatile("csrs sstatus, %0" ::"r"((before & 2) ^ 2) : "memory");
      sum += scratch;
    }
  }
  return sum;
}
