// Entry, stacks and the vectors of EL1.
#define STACK_SHIFT 16

  .section .init, "ax"
  .globl _start, secondary_entry
_start:
  mov x0, #0
secondary_entry:                // PSCI gives the number of the CPU in x0
  msr spsel, #1
  adrp x1, stacks
  add x2, x0, #1
  add x1, x1, x2, lsl #STACK_SHIFT
  mov sp, x1
  adr x1, vectors
  msr vbar_el1, x1
  mov x1, #3 << 20              // CPACR_EL1.FPEN: floating point and SIMD
  msr cpacr_el1, x1
  isb
  mov x19, x0
  bl memory_management_on
  mov x0, x19
  cbnz x0, bench_secondary
  b bench_main

  // enter_user(function, argument, table): goes on in user mode behind the table; a system call brings
  // the result. By the alias of memory, as what users may write is not executable here.
  .globl enter_user
enter_user:
  mov x5, #1 << 30
  adr x4, 1f
  add x4, x4, x5
  br x4
1: msr ttbr0_el1, x2
  isb
  tlbi vmalle1
  dsb ish
  isb
  mov x4, sp
  sub x4, x4, #1 << (STACK_SHIFT - 1)
  msr sp_el0, x4
  add sp, sp, x5
  mrs x4, vbar_el1
  add x4, x4, x5
  msr vbar_el1, x4
  msr elr_el1, x0
  msr spsr_el1, xzr
  adr x30, 2f
  sub x30, x30, x5
  mov x0, x1
  eret
2: svc #0

  // A system call brings the kernel's result; anything else is a mistake.
  .balign 2048
vectors:
  .rept 8
  b mistake
  .balign 128
  .endr
  mrs x1, esr_el1
  lsr x1, x1, #26
  cmp x1, #0x15                 // SVC
  b.ne mistake
  b bench_finish
  .balign 128
  .rept 7
  b mistake
  .balign 128
  .endr
mistake:
  mrs x0, esr_el1
  mrs x1, elr_el1
  mrs x2, far_el1
  b bench_trap

  .bss
  .balign 4096
stacks:
  .skip 9 << STACK_SHIFT

  .section .params, "aw"
  .balign 16
  .globl params
params:
  .ascii "KasuariBenchWork"
  .dword DEFAULT_WORK, 0, 1     // work, paging, CPUs
