// System calls from EL0 to EL1 and back.
#pragma once
#include "events.h"
#include "tables.h"

#define USER_OFFSET USER_ABOVE

// Saves and restores what a small kernel would, and counts. Answers call 1; call 0 ends.
__asm__(
    ".balign 2048\n"
    "call_vectors:\n .skip 0x400\n"
    " sub sp, sp, #128\n"
    " stp x30, x9, [sp]\n stp x10, x11, [sp, #16]\n stp x1, x2, [sp, #32]\n stp x3, x4, [sp, #48]\n"
    " stp x19, x20, [sp, #64]\n"
    " mrs x9, esr_el1\n mrs x10, elr_el1\n mrs x11, spsr_el1\n"
    " cbz x8, 1f\n"
    " msr elr_el1, x10\n msr spsr_el1, x11\n"
    " add x0, x0, x9, lsr #26\n"
    " ldp x30, x9, [sp]\n ldp x10, x11, [sp, #16]\n ldp x1, x2, [sp, #32]\n ldp x3, x4, [sp, #48]\n"
    " ldp x19, x20, [sp, #64]\n"
    " add sp, sp, #128\n"
    " eret\n"
    "1: adrp x9, back\n add x9, x9, :lo12:back\n"
    " ldp x30, x10, [x9]\n mov sp, x10\n"
    " ret\n"
    // to_user(entry, argument, stack): comes back by call 0
    "to_user:\n"
    " adrp x9, back\n add x9, x9, :lo12:back\n"
    " mov x10, sp\n stp x30, x10, [x9]\n"
    " msr elr_el1, x0\n msr spsr_el1, xzr\n msr sp_el0, x2\n"
    " mov x0, x1\n"
    " eret\n");
extern char call_vectors[];
uint64_t to_user(uint64_t entry, uint64_t argument, uint64_t stack);
uint64_t back[2];

static NOINLINE uint64_t call(uint64_t number, uint64_t argument) {
  register uint64_t x0 __asm__("x0") = argument;
  register uint64_t x8 __asm__("x8") = number;
  __asm__ volatile("svc #0" : "+r"(x0) : "r"(x8) : "memory");
  return x0;
}

static inline void take_calls(void) {
  WRITE(vbar_el1, call_vectors);
  __asm__ volatile("isb" ::: "memory");
}
