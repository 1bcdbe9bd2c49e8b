// Undefined instructions, as an emulating kernel meets them.
#include "events.h"

uint64_t undefined_count;
__asm__(
    ".balign 2048\n"
    "undefined_vectors:\n .skip 0x200\n"
    " mrs x17, elr_el1\n add x17, x17, #4\n msr elr_el1, x17\n"
    " adrp x16, undefined_count\n ldr x17, [x16, :lo12:undefined_count]\n add x17, x17, #1\n"
    " str x17, [x16, :lo12:undefined_count]\n eret\n");
extern char undefined_vectors[];

uint64_t kernel(uint64_t work) {
  WRITE(vbar_el1, undefined_vectors);
  __asm__ volatile("isb" ::: "memory");
  while (work--) {
    for (int i = 0; i < 100; i++) __asm__ volatile("udf #0" ::: "x16", "x17", "memory");
  }
  return undefined_count;
}
