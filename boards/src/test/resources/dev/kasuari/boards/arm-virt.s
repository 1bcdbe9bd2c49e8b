// What software finds on Arm's virt: prints lines on the serial port and switches the machine off.
// To be assembled with GIC=2 or 3, and HYP=1 if it starts at EL2. Runs where it is loaded.

.equ UART, 0x09000000
.equ DIST, 0x08000000
.equ CPUIF, 0x08010000
.equ REDIST, 0x080a0000
.equ TIMER, 27

.macro firmware
  .if HYP
  smc #0
  .else
  hvc #0
  .endif
.endm

// Prints X0 and a line end.
.macro show
  bl print
.endm

.macro call function, first, second, third
  ldr x0, =\function
  ldr x1, =\first
  ldr x2, =\second
  ldr x3, =\third
  firmware
  show
.endm

start:
  ldr w20, [x0]                 // the devicetree's magic number
  adr x1, stack
  mov sp, x1
  mrs x0, CurrentEL
  show
  mov w0, w20
  show

// Firmware.
  call 0x84000000, 0, 0, 0
  call 0x84000006, 0, 0, 0
  call 0x8400000a, 0x84000000, 0, 0
  call 0x8400000a, 0xc4000003, 0, 0
  call 0x8400000a, 0x84000009, 0, 0
  call 0x8400000a, 0x80000000, 0, 0
  call 0x8400000a, 0xc4000007, 0, 0
  call 0x84000005, 0, 0, 0
  call 0x84001234, 0, 0, 0
  call 0xc4000004, 0, 0, 0
  call 0xc4000004, 1, 0, 0
  call 0xc4000004, 77, 0, 0
  call 0x84000004, 1, 0, 0
  call 0xc4000003, 77, 0x40200000, 0
  call 0xc4000003, 0, 0x40200000, 0
  call 0xc4000001, 0x20000, 0, 0

// The second processing element.
  adr x19, flag
  str xzr, [x19]
  ldr x0, =0xc4000003
  mov x1, #1
  adr x2, second
  ldr x3, =0x123456789abcdef
  firmware
  show
  mov x1, #1
  stlr x1, [x19]
1:
  ldar x1, [x19]
  cmp x1, #2
  b.ne 1b
2:
  ldr x0, =0xc4000004
  mov x1, #1
  mov x2, #0
  firmware
  cmp x0, #1
  b.ne 2b
  show

// What a level above could deny: each is 0 after a reset, or all ones if it is not there.
  mrs x1, id_aa64isar1_el1
  ands x1, x1, #0xff0           // pointer authentication
  mov x0, #-1
  b.eq 7f
  mrs x0, S3_0_C2_C1_0          // APIAKeyLo_EL1
7:
  show
  mov x0, #-1
  .if HYP
  mrs x1, id_aa64mmfr1_el1
  ands x1, x1, #0xf << 40       // HCX
  b.eq 8f
  mrs x0, S3_4_C1_C2_2          // HCRX_EL2
  .endif
8:
  show

// The timers.
  mrs x0, cntfrq_el0
  show
  mov x1, #2000
  msr cntv_tval_el0, x1
  mov x1, #3                    // masked
  msr cntv_ctl_el0, x1
3:
  mrs x0, cntv_ctl_el0
  tbz x0, #2, 3b
  show
  mrs x0, cntv_tval_el0         // has gone below zero
  lsr x0, x0, #31
  show
  mov x1, #-1
  msr cntp_cval_el0, x1
  mov x1, #1
  msr cntp_ctl_el0, x1
  mrs x0, cntp_ctl_el0
  show
  mrs x0, cntp_cval_el0
  show
  msr cntp_ctl_el0, xzr

// An interrupt.
  adr x0, vectors
  .if HYP
  msr vbar_el2, x0
  mov x0, #0x10                 // IMO
  msr hcr_el2, x0
  .else
  msr vbar_el1, x0
  .endif
  ldr x1, =DIST
  .if GIC == 2
  mov w0, #1
  str w0, [x1]
  mov w0, #1 << TIMER
  str w0, [x1, #0x100]
  ldr x1, =CPUIF
  mov w0, #0xff
  str w0, [x1, #4]
  mov w0, #1
  str w0, [x1]
  .else
  mov w0, #0x12
  str w0, [x1]
  ldr x1, =REDIST
  ldr w0, [x1, #0x14]
  bic w0, w0, #2
  str w0, [x1, #0x14]
4:
  ldr w0, [x1, #0x14]
  tbnz w0, #2, 4b
  add x1, x1, #0x10000
  mov w0, #-1
  str w0, [x1, #0x80]           // group 1
  mov w0, #1 << TIMER
  str w0, [x1, #0x100]
  mov x0, #0xff
  msr S3_0_C4_C6_0, x0          // ICC_PMR_EL1
  mov x0, #1
  msr S3_0_C12_C12_7, x0        // ICC_IGRPEN1_EL1
  .endif
  isb
  mov x1, #20000
  msr cntv_tval_el0, x1
  mov x1, #1
  msr cntv_ctl_el0, x1
  mov x21, #0
5:
  wfi                           // masked, so that it cannot come before this
  msr daifclr, #2
  msr daifset, #2
  cbz x21, 5b
  mov x0, x21
  show
  mov x0, x22
  show
  ldr x0, =0x84000008
  firmware
  b .

second:
  adr x1, stack2
  mov sp, x1
  adr x19, flag
6:
  ldar x1, [x19]
  cbz x1, 6b
  show
  mrs x0, CurrentEL
  show
  mrs x0, mpidr_el1
  and x0, x0, #0xff
  show
  mrs x0, daif
  show
  mov x1, #2
  stlr x1, [x19]
  ldr x0, =0x84000002
  firmware
  b .

// Prints X0 as 16 digits; takes X9 to X13.
print:
  ldr x10, =UART
  .include "digits.s"

interrupt:
  .if GIC == 2
  ldr x1, =CPUIF
  ldr w21, [x1, #0xc]
  .else
  mrs x21, S3_0_C12_C12_0       // ICC_IAR1_EL1
  .endif
  mrs x22, isr_el1
  msr cntv_ctl_el0, xzr
  .if GIC == 2
  str w21, [x1, #0x10]
  .else
  msr S3_0_C12_C12_1, x21       // ICC_EOIR1_EL1
  .endif
  eret

  .ltorg
  .balign 0x800
vectors:
  .rept 16
  .balign 0x80
  b interrupt
  .endr

  .balign 8
flag:
  .quad 0
  .balign 16
  .space 256
stack:
  .space 256
stack2:
