// System calls: user mode to the kernel's mode and back, each behind the same page tables.
#include "syscall.h"

static char user_stack[4096] __attribute__((aligned(16)));

static NOINLINE void user(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (int i = 0; i < 100; i++) sum = call(1, sum);
  }
  call(0, sum);
}

uint64_t kernel(uint64_t work) {
  take_calls();
  return to_user((uint64_t)user + USER_OFFSET, work, (uint64_t)user_stack + sizeof user_stack + USER_OFFSET);
}
