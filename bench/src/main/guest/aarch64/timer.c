// Timer interrupts, each asked for by a write to the virtual timer and answered by another.
#include "events.h"

static volatile uint64_t interrupts;

EXCEPTION_HANDLER(timer) {
  uint32_t number = acknowledge();
  WRITE(cntv_ctl_el0, 0);
  interrupts++;
  complete(number);
}

uint64_t kernel(uint64_t work) {
  TAKE_EXCEPTIONS(timer);
  enable_interrupt(VIRTUAL_TIMER);
  WRITE(cntv_cval_el0, 0);
  __asm__ volatile("isb; msr daifclr, #2" ::: "memory");
  while (work--) {
    for (int i = 0; i < 100; i++) {
      uint64_t before = interrupts;
      WRITE(cntv_ctl_el0, 1);
      while (interrupts == before) {
      }
    }
  }
  __asm__ volatile("msr daifset, #2" ::: "memory");
  return interrupts;
}
