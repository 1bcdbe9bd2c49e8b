// What software finds of the interrupt translation service on Arm's virt with GICv3: a program that
// gives it tables and commands, and receives locality-specific interrupts on two processing
// elements. Prints lines on the serial port and switches the machine off. Runs where it is loaded,
// at EL1.

.equ UART, 0x09000000
.equ DIST, 0x08000000
.equ REDIST, 0x080a0000
.equ REDIST_SIZE, 0x20000
.equ ITS, 0x08080000
.equ TRANSLATER, 0x08090040

.equ CONFIGURATION, 0x42000000  // a byte for each interrupt from 8192 on
.equ PENDING, 0x42100000        // 64 KiB for each processing element
.equ COMMANDS, 0x42200000
.equ TABLES, 0x42300000         // 64 KiB for each
.equ EVENTS, 0x42400000         // of devices

.equ DEVICE, 5
.equ EVENT, 2
.equ INTERRUPT, 8200

.macro show
  bl print
.endm

// Adds a command: its first three words (the fourth is always 0), and has it performed.
.macro command first, second, third
  ldr x0, =(\first)
  ldr x1, =(\second)
  ldr x2, =(\third)
  bl perform
.endm

.macro mapd device, events, bits
  command (0x08 | \device << 32), (\bits), (1 << 63 | \events)
.endm
.macro mapc collection, cpu
  command 0x09, 0, (1 << 63 | \cpu << 16 | \collection)
.endm
.macro mapti device, event, interrupt, collection
  command (0x0a | \device << 32), (\event | \interrupt << 32), (\collection)
.endm
.macro movi device, event, collection
  command (0x01 | \device << 32), (\event), (\collection)
.endm
.macro interrupt device, event
  command (0x03 | \device << 32), (\event), 0
.endm
.macro clear device, event
  command (0x04 | \device << 32), (\event), 0
.endm
.macro inv device, event
  command (0x0c | \device << 32), (\event), 0
.endm
.macro invall collection
  command 0x0d, 0, (\collection)
.endm
.macro movall from, to
  command 0x0e, 0, (\from << 16), (\to << 16)
.endm
.macro discard device, event
  command (0x0f | \device << 32), (\event), 0
.endm

// Lets an interrupt of the first processing element in, and prints what it was; 0 for none.
.macro take
  bl takeOne
.endm

// Waits until the other one has taken an interrupt, and prints which.
.macro takeOther
  bl takeOnOther
.endm

start:
  adr x1, stack
  mov sp, x1
  adr x0, vectors
  msr vbar_el1, x0

// The distributor, and both halves of the redistributors.
  ldr x1, =DIST
  mov w0, #0x12
  str w0, [x1]
  bl setUp

// The second processing element.
  ldr x0, =0xc4000003
  mov x1, #1
  adr x2, second
  hvc #0
  show
  adr x1, mailbox
1:
  ldar w0, [x1]
  cbz w0, 1b
  str wzr, [x1]

// The service: its command queue, and a table for each kind that wants one.
  ldr x19, =ITS
  ldr x0, [x19, #8]             // GITS_TYPER: processing elements are numbers, not addresses
  ubfx x0, x0, #19, #1
  show
  ldr x0, =(1 << 63 | COMMANDS)
  str x0, [x19, #0x80]
  ldr x20, =TABLES
  mov x21, #0x100
2:
  ldr x0, [x19, x21]
  ubfx x0, x0, #56, #3
  cbz x0, 3f
  show
  ldr x0, =(1 << 63 | 2 << 8)   // one page of 64 KiB
  orr x0, x0, x20
  str x0, [x19, x21]
  add x20, x20, #0x10000
3:
  add x21, x21, #8
  cmp x21, #0x140
  b.lo 2b
  mov w0, #1
  str w0, [x19]
  ldr w0, [x19]
  and w0, w0, #1
  show

// An interrupt by command.
  mapc 0, 0
  mapc 1, 1
  mapd DEVICE, EVENTS, 4
  mapti DEVICE, EVENT, INTERRUPT, 0
  take
  interrupt DEVICE, EVENT
  take
  take

// By a write of the message, as from device 0.
  mapd 0, (EVENTS + 0x1000), 4
  mapti 0, 1, (INTERRUPT + 1), 0
  ldr x1, =TRANSLATER
  mov w0, #1
  str w0, [x1]
  take
  mov w0, #3                    // not mapped
  str w0, [x1]
  take

// Taken back before it is taken.
  interrupt DEVICE, EVENT
  clear DEVICE, EVENT
  take

// Switched off, and on again.
  ldr x22, =(CONFIGURATION + INTERRUPT - 8192)
  mov w0, #0xa0
  strb w0, [x22]
  inv DEVICE, EVENT
  interrupt DEVICE, EVENT
  take
  mov w0, #0xa1
  strb w0, [x22]
  inv DEVICE, EVENT
  take

// Below the mask of priorities, and above.
  mov x0, #0xa0
  msr S3_0_C4_C6_0, x0          // ICC_PMR_EL1
  interrupt DEVICE, EVENT
  take
  mov w0, #0x81
  strb w0, [x22]
  invall 0
  take
  mov x0, #0xff
  msr S3_0_C4_C6_0, x0

// Moved to the other processing element; pending ones go with it.
  movi DEVICE, EVENT, 1
  interrupt DEVICE, EVENT
  takeOther
  movi DEVICE, EVENT, 0
  interrupt DEVICE, EVENT
  movi DEVICE, EVENT, 1
  takeOther
  take
  movi DEVICE, EVENT, 0

// All that are pending move.
  interrupt DEVICE, EVENT
  ldr x0, =0x0e
  mov x1, #0
  mov x2, #0
  mov x3, #1 << 16
  bl performFour
  takeOther
  take

// A collection of the other one.
  mapc 0, 1
  interrupt DEVICE, EVENT
  takeOther
  mapc 0, 0

// Gone.
  discard DEVICE, EVENT
  interrupt DEVICE, EVENT
  take
  mapti DEVICE, EVENT, (INTERRUPT + 2), 0
  interrupt DEVICE, EVENT
  take

  ldr x0, [x19, #0x90]          // GITS_CREADR: how far it has got
  show
  ldr x0, =0x84000008
  hvc #0
  b .

// ---- commands -----------------------------------------------------------------------------------

perform:
  mov x3, #0
performFour:
  ldr x4, [x19, #0x88]          // GITS_CWRITER
  ldr x5, =COMMANDS
  add x5, x5, x4
  stp x0, x1, [x5]
  stp x2, x3, [x5, #16]
  dsb sy
  add x4, x4, #32
  and x4, x4, #0xfff
  str x4, [x19, #0x88]
1:
  ldr x5, [x19, #0x90]
  cmp x4, x5
  b.ne 1b
  ret

// ---- receiving ----------------------------------------------------------------------------------

takeOne:
  stp x29, x30, [sp, #-16]!
  mov x22, x22
  mov x23, #0
  isb
  msr daifclr, #2
  isb
  msr daifset, #2
  mov x0, x23
  show
  ldp x29, x30, [sp], #16
  ret

takeOnOther:
  stp x29, x30, [sp, #-16]!
  adr x1, mailbox
1:
  ldar w0, [x1]
  cbz w0, 1b
  str wzr, [x1]
  show
  ldp x29, x30, [sp], #16
  ret

second:
  adr x1, stack2
  mov sp, x1
  adr x0, vectors
  msr vbar_el1, x0
  bl setUp
  adr x24, mailbox
  mov w23, #1
1:
  stlr w23, [x24]
2:
  ldar w0, [x24]
  cbnz w0, 2b
  mov x23, #0
3:
  wfi
  msr daifclr, #2
  isb
  msr daifset, #2
  cbz x23, 3b
  b 1b

// The redistributor and the interface of this processing element.
setUp:
  mrs x2, mpidr_el1
  and x2, x2, #0xff
  ldr x1, =REDIST
  mov x3, #REDIST_SIZE
  madd x1, x2, x3, x1
  ldr w0, [x1, #0x14]
  bic w0, w0, #2
  str w0, [x1, #0x14]
1:
  ldr w0, [x1, #0x14]
  tbnz w0, #2, 1b
  cbnz x2, 3f
  ldr x4, =CONFIGURATION
  mov w0, #0xa1                 // priority 0xa0, enabled
  mov x5, #64
2:
  strb w0, [x4], #1
  subs x5, x5, #1
  b.ne 2b
3:
  ldr x0, =(CONFIGURATION + 15) // numbers of 16 bits
  str x0, [x1, #0x70]           // GICR_PROPBASER
  ldr x0, =(1 << 62 | PENDING)
  add x0, x0, x2, lsl #16
  str x0, [x1, #0x78]           // GICR_PENDBASER
  mov w0, #1
  str w0, [x1]                  // GICR_CTLR
  mov x0, #0xff
  msr S3_0_C4_C6_0, x0          // ICC_PMR_EL1
  mov x0, #1
  msr S3_0_C12_C12_7, x0        // ICC_IGRPEN1_EL1
  isb
  ret

interrupt_taken:
  mrs x23, S3_0_C12_C12_0       // ICC_IAR1_EL1
  msr S3_0_C12_C12_1, x23       // ICC_EOIR1_EL1
  eret

// Prints X0 as 16 digits; takes X9 to X13.
print:
  ldr x10, =UART
  .include "digits.s"

  .ltorg
  .balign 0x800
vectors:
  .rept 16
  .balign 0x80
  b interrupt_taken
  .endr

  .balign 8
mailbox:
  .quad 0
  .balign 16
  .space 256
stack:
  .space 256
stack2:
