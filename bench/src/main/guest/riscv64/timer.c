// Timer interrupts, each asked for by a write to mtimecmp and answered by another.
#include "events.h"

#define MTIMECMP (*(volatile uint64_t *)0x2004000)
static volatile uint64_t interrupts;

static __attribute__((interrupt("machine"))) void timer(void) {
  MTIMECMP = -1;
  interrupts++;
}

uint64_t kernel(uint64_t work) {
  MTIMECMP = -1;
  CSR_WRITE(mtvec, timer);
  CSR_WRITE(mie, 0x80UL);
  CSR_WRITE(mstatus, CSR_READ(mstatus) | 8);
  while (work--) {
    for (int i = 0; i < 100; i++) {
      uint64_t before = interrupts;
      MTIMECMP = 0;
      while (interrupts == before) {
      }
    }
  }
  CSR_WRITE(mie, 0);
  return interrupts;
}
