// What the kernels about exceptions share: system registers, vectors, and the GICv2 of the virt board
// as far as one interrupt at a time needs it.
#pragma once
#include "bench.h"

#define READ(name)                                    \
  ({                                                  \
    uint64_t value;                                   \
    __asm__ volatile("mrs %0, " #name : "=r"(value)); \
    value;                                            \
  })
#define WRITE(name, value) __asm__ volatile("msr " #name ", %0" ::"r"((uint64_t)(value)) : "memory")

// Vectors all of which save what C may change, call a function of C with the syndrome and return.
#define VECTORS(name, function)                                                                          \
  __asm__(".balign 2048\n" #name ":\n .rept 16\n b 1f\n .balign 128\n .endr\n"                          \
          "1: sub sp, sp, #192\n stp x0, x1, [sp]\n stp x2, x3, [sp, #16]\n stp x4, x5, [sp, #32]\n"      \
          " stp x6, x7, [sp, #48]\n stp x8, x9, [sp, #64]\n stp x10, x11, [sp, #80]\n"                   \
          " stp x12, x13, [sp, #96]\n stp x14, x15, [sp, #112]\n stp x16, x17, [sp, #128]\n"             \
          " stp x18, x30, [sp, #144]\n mrs x0, esr_el1\n bl " #function "\n ldp x0, x1, [sp]\n"          \
          " ldp x2, x3, [sp, #16]\n ldp x4, x5, [sp, #32]\n ldp x6, x7, [sp, #48]\n"                     \
          " ldp x8, x9, [sp, #64]\n ldp x10, x11, [sp, #80]\n ldp x12, x13, [sp, #96]\n"                 \
          " ldp x14, x15, [sp, #112]\n ldp x16, x17, [sp, #128]\n ldp x18, x30, [sp, #144]\n"            \
          " add sp, sp, #192\n eret\n");                                                                 \
  extern char name[]

// A handler in C of exceptions that EL1 takes from itself.
#define EXCEPTION_HANDLER(name)                   \
  __attribute__((used)) static void name(void);   \
  VECTORS(name##_vectors, name);                  \
  __attribute__((used)) static void name(void)
#define TAKE_EXCEPTIONS(name) WRITE(vbar_el1, name##_vectors)

static inline uint64_t faulting_address(void) { return READ(far_el1); }

#define GICD ((volatile uint32_t *)0x08000000)
#define GICC ((volatile uint32_t *)0x08010000)
#define VIRTUAL_TIMER 27

static inline void enable_interrupt(uint32_t number) {
  GICD[0] = 1;                                             // GICD_CTLR
  GICD[0x100 / 4 + number / 32] = UINT32_C(1) << number % 32; // GICD_ISENABLER
  GICC[1] = 0xff;                                          // GICC_PMR
  GICC[0] = 1;                                             // GICC_CTLR
}

static inline uint32_t acknowledge(void) { return GICC[3]; }

static inline void complete(uint32_t acknowledged) { GICC[4] = acknowledged; }
