// What the kernels about traps share. A handler skips the instruction that trapped and counts.
#pragma once
#include "bench.h"

#define CSR_READ(name)                                 \
  ({                                                   \
    uint64_t value;                                    \
    __asm__ volatile("csrr %0, " #name : "=r"(value)); \
    value;                                             \
  })
#define CSR_WRITE(name, value) __asm__ volatile("csrw " #name ", %0" ::"rK"(value) : "memory")

// A handler in assembly that goes on four bytes after the trap and clobbers t5 and t6 only.
#define SKIPPING_HANDLER(name, mode)                                                                       \
  __asm__(".balign 4\n.globl " #name "\n" #name ":\n csrr t6, " mode "epc\n addi t6, t6, 4\n csrw " mode \
          "epc, t6\n la t5, " #name "_count\n ld t6, 0(t5)\n addi t6, t6, 1\n sd t6, 0(t5)\n " mode "ret"); \
  extern char name[];                                                                                      \
  uint64_t name##_count;

// A handler in C of exceptions that supervisor mode takes from itself.
#define EXCEPTION_HANDLER(name) static __attribute__((interrupt("supervisor"))) void name(void)
#define TAKE_EXCEPTIONS(name) CSR_WRITE(stvec, name)

static inline uint64_t faulting_address(void) { return CSR_READ(stval); }
