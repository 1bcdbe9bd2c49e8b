# Entry, stacks and the trap vector of machine mode.
#define STACK_SHIFT 16

  .section .init, "ax"
  .globl _start
_start:
  csrr a0, mhartid
  la sp, stacks
  addi t0, a0, 1
  slli t0, t0, STACK_SHIFT
  add sp, sp, t0
  la t0, machine_trap
  csrw mtvec, t0
  li t0, 0x6000                 # floating point on
  csrs mstatus, t0
  csrw fcsr, zero
  li t0, -1                     # all memory for all modes
  csrw pmpaddr0, t0
  li t0, 0x1f
  csrw pmpcfg0, t0
  bnez a0, 1f
  j bench_main
1: j bench_secondary

  # A call from a lower mode brings the kernel's result; anything else is a mistake.
  .balign 4
machine_trap:
  csrr t0, mcause
  li t1, 8
  beq t0, t1, 3f
  li t1, 9
  beq t0, t1, 3f
  csrr a0, mcause
  csrr a1, mepc
  csrr a2, mtval
  la sp, stacks + (1 << STACK_SHIFT)
  j bench_trap
3: la sp, stacks + (1 << STACK_SHIFT)
  j bench_finish

  # enter_lower(function, argument, mstatus bits): to the mode below, where the function's return is a call back
  .globl enter_lower
enter_lower:
  csrw mepc, a0
  li t0, 0x1800
  csrc mstatus, t0
  csrs mstatus, a2
  mv a0, a1
  la ra, lower_return
  mret
lower_return:
  ecall

  .bss
  .balign 16
stacks:
  .skip 8 << STACK_SHIFT

  .section .params, "aw"
  .balign 16
  .globl params
params:
  .ascii "KasuariBenchWork"
  .dword DEFAULT_WORK, 0, 1     # work, paging, CPUs
