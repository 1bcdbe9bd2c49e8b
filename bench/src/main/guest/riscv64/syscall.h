// System calls from user to supervisor mode and back.
#pragma once
#include "events.h"
#include "tables.h"

#define USER_OFFSET -USER_BELOW

// Saves and restores what a small kernel would, and counts. Answers call 1; call 0 ends.
__asm__(
    ".balign 4\n"
    "system_call:\n"
    " csrrw sp, sscratch, sp\n"
    " addi sp, sp, -128\n"
    " sd ra, 0(sp)\n sd t0, 8(sp)\n sd t1, 16(sp)\n sd t2, 24(sp)\n sd a1, 32(sp)\n sd a2, 40(sp)\n"
    " sd a3, 48(sp)\n sd a4, 56(sp)\n sd s0, 64(sp)\n sd s1, 72(sp)\n"
    " csrr t0, scause\n csrr t1, sepc\n csrr t2, sstatus\n"
    " beqz a7, 1f\n"
    " addi t1, t1, 4\n csrw sepc, t1\n csrw sstatus, t2\n"
    " add a0, a0, t0\n"
    " ld ra, 0(sp)\n ld t0, 8(sp)\n ld t1, 16(sp)\n ld t2, 24(sp)\n ld a1, 32(sp)\n ld a2, 40(sp)\n"
    " ld a3, 48(sp)\n ld a4, 56(sp)\n ld s0, 64(sp)\n ld s1, 72(sp)\n"
    " addi sp, sp, 128\n"
    " csrrw sp, sscratch, sp\n"
    " sret\n"
    "1: la t0, back\n"
    " ld ra, 0(t0)\n ld sp, 8(t0)\n"
    " ret\n"
    // to_user(entry, argument, stack): comes back by call 0
    "to_user:\n"
    " la t0, back\n"
    " sd ra, 0(t0)\n sd sp, 8(t0)\n"
    " csrw sepc, a0\n"
    " li t1, 0x100\n csrc sstatus, t1\n"
    " la t0, trap_stack + 4096\n csrw sscratch, t0\n"
    " mv a0, a1\n mv sp, a2\n"
    " sret\n");
extern char system_call[];
uint64_t to_user(uint64_t entry, uint64_t argument, uint64_t stack);
uint64_t back[2];
char trap_stack[4096] __attribute__((aligned(16)));

static NOINLINE uint64_t call(uint64_t number, uint64_t argument) {
  register uint64_t a0 __asm__("a0") = argument;
  register uint64_t a7 __asm__("a7") = number;
  __asm__ volatile("ecall" : "+r"(a0) : "r"(a7) : "memory");
  return a0;
}

static inline void take_calls(void) { CSR_WRITE(stvec, system_call); }
