// Harts that never leave their loops: hart 0 counts and says so from time to time, the others do nothing else than
// jump, through memory, with floating point.
#include "smp.h"

static u64 data[3 * 4096];
static volatile double sink;

static void spin(void) {
  for (;;) __asm__ volatile("");
}

static void remember(void) {
  u64 at = 0;
  for (;;) {
    data[at] += at;
    at = (at + 517) % (sizeof data / sizeof *data);
  }
}

static void calculate(void) {
  __asm__ volatile("csrs sstatus, %0" ::"r"(0x6000));
  double x = 1;
  for (;;) {
    x = x * 1.000001 + 1e-9;
    if (x > 1e6) x = sink = 1;
  }
}

static void work(u64 hart) {
  if (hart == 1) spin();
  if (hart == 2) remember();
  if (hart == 3) calculate();
  for (u64 beats = 0;; beats++) {
    delay(BEAT);
    report("beat", beats);
  }
}

void main(void) {
  run_on_all(work);
}
