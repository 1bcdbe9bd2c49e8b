// Around a kernel: runs it in the mode that was asked for, prints its checksum and the time the
// guest's clock says it took, and ends the machine.
#include "machine.h"

static volatile share_function share;
static uint64_t finished;
static uint64_t began;

static void print(const char *text) {
  while (*text) put(*text++);
}

static void print_hex(uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

static void print_decimal(uint64_t value) {
  if (value >= 10) print_decimal(value / 10);
  put((char)('0' + value % 10));
}

void begin(void) { began = now(); }

void bench_finish(uint64_t checksum) {
  uint64_t ticks = now() - began;
  print("checksum ");
  print_hex(checksum);
  print(" ticks ");
  print_decimal(ticks);
  print("\n");
  power_off(0);
}

void bench_trap(uint64_t cause, uint64_t pc, uint64_t value) {
  print("unexpected trap: cause ");
  print_hex(cause);
  print(" pc ");
  print_hex(pc);
  print(" value ");
  print_hex(value);
  print("\n");
  power_off(1);
}

void start_others(share_function function) {
  __atomic_store_n(&finished, 0, __ATOMIC_RELAXED);
  __atomic_store_n(&share, function, __ATOMIC_RELEASE);
  wake_others();
}

void wait_for_others(void) {
  while (__atomic_load_n(&finished, __ATOMIC_ACQUIRE) + 1 < params.cpus) {
  }
}

// Waits until there is something to do, does it, and is done.
void bench_secondary(uint64_t cpu) {
  share_function function;
  while (!(function = __atomic_load_n(&share, __ATOMIC_ACQUIRE))) {
  }
  function(cpu);
  __atomic_fetch_add(&finished, 1, __ATOMIC_RELEASE);
  for (;;) {
  }
}

void bench_main(void) {
  uint64_t work = params.work;
  if (params.paging) run_paged(work);
  begin();
  bench_finish(kernel(work));
}
