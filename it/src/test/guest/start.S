# Entry of the harts in supervisor mode, their stacks, the trap vector. tp is the hart's number.
#define STACK_SHIFT 16

  .section .init, "ax"
  .globl _start
_start:
  mv tp, a0
  call prepare
  j smp_boot

  .globl _start_other
_start_other:
  mv tp, a0
  call prepare
  mv a0, tp
  j smp_other

prepare:
  la sp, stacks
  addi t0, tp, 1
  slli t0, t0, STACK_SHIFT
  add sp, sp, t0
  la t0, trap
  csrw stvec, t0
  csrw sie, 2                   # software interrupts, once sstatus lets them
  ret

  # smp_trap(cause, pc, value, return address) says where to go on. What it may clobber is kept; a0 is what it
  # leaves in smp_trap_result[hart] if the trap is an exception.
  .balign 4
trap:
  addi sp, sp, -160
  sd ra, 0(sp)
  sd t0, 8(sp)
  sd t1, 16(sp)
  sd t2, 24(sp)
  sd t3, 32(sp)
  sd t4, 40(sp)
  sd t5, 48(sp)
  sd t6, 56(sp)
  sd a0, 64(sp)
  sd a1, 72(sp)
  sd a2, 80(sp)
  sd a3, 88(sp)
  sd a4, 96(sp)
  sd a5, 104(sp)
  sd a6, 112(sp)
  sd a7, 120(sp)
  csrr a0, scause
  csrr a1, sepc
  csrr a2, stval
  mv a3, ra
  call smp_trap
  csrw sepc, a0
  csrr t0, scause
  bltz t0, 1f
  la t0, smp_trap_result
  slli t1, tp, 6
  add t0, t0, t1
  ld t0, 0(t0)
  sd t0, 64(sp)
1:
  ld ra, 0(sp)
  ld t0, 8(sp)
  ld t1, 16(sp)
  ld t2, 24(sp)
  ld t3, 32(sp)
  ld t4, 40(sp)
  ld t5, 48(sp)
  ld t6, 56(sp)
  ld a0, 64(sp)
  ld a1, 72(sp)
  ld a2, 80(sp)
  ld a3, 88(sp)
  ld a4, 96(sp)
  ld a5, 104(sp)
  ld a6, 112(sp)
  ld a7, 120(sp)
  addi sp, sp, 160
  sret

  .bss
  .balign 16
stacks:
  .skip 8 << STACK_SHIFT
