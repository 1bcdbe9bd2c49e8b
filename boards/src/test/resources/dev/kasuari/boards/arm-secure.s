// What firmware finds at EL3 of Arm's virt with secure=on: a program for the flash that prints on
// the secure serial port what it meets at EL3, at secure EL1, at non-secure EL2 and EL1, and
// switches the machine off by the secure world's pin. GICv3. Does not depend on its address.
//
// Lines are numbers of 16 digits. An exception prints its vector (0 to 15), and then: a synchronous
// one its syndrome, and for aborts the address; an interrupt what acknowledging it returned.

.equ NORMAL_UART, 0x09000000
.equ SECURE_UART, 0x09040000
.equ SECURE_GPIO, 0x090b0000
.equ SECURE_RAM, 0x0e000000
.equ NORMAL_RAM, 0x40000000
.equ DIST, 0x08000000
.equ REDIST, 0x080a0000
.equ SGI_FRAME, 0x080b0000

.equ COPY, 0x41000000           // where the non-secure world has the program
.equ COPY_SIZE, 0x4000
.equ SECURE_STACK, SECURE_RAM + 0x10000
.equ SECURE_EL1_STACK, SECURE_RAM + 0x12000
.equ EL2_STACK, 0x41010000
.equ EL1_STACK, 0x41012000
.equ TABLE1, SECURE_RAM + 0x20000
.equ TABLE2, SECURE_RAM + 0x21000
.equ TABLE3, SECURE_RAM + 0x22000
.equ TABLE4, 0x42000000
.equ SECRET, SECURE_RAM + 0x40000

.equ SCR_NS, 1 << 0
.equ SCR_FIQ, 1 << 2
.equ SCR_HCE, 1 << 8
.equ SCR_RW, 1 << 10
.equ SCR_ST, 1 << 11

.equ SECURE_TIMER, 29
.equ TIMER, 27

.macro show
  bl print
.endm

.macro showRegister name
  mrs x0, \name
  show
.endm

.macro show32 address
  ldr x1, =\address
  ldr w0, [x1]
  show
.endm

.macro put32 address, value
  ldr x1, =\address
  ldr w0, =\value
  str w0, [x1]
.endm

// Software-generated interrupts to this processing element, of group 0, of the own group 1, and of
// the other world's group 1.
.macro send0 number
  ldr x0, =(\number << 24 | 1)
  msr S3_0_C12_C11_7, x0
  isb
.endm
.macro send1 number
  ldr x0, =(\number << 24 | 1)
  msr S3_0_C12_C11_5, x0
  isb
.endm
.macro sendOther number
  ldr x0, =(\number << 24 | 1)
  msr S3_0_C12_C11_6, x0
  isb
.endm

// What is pending, and what the groups' registers say of it.
.macro showPending
  showRegister isr_el1
  showRegister S3_0_C12_C8_2    // ICC_HPPIR0_EL1
  showRegister S3_0_C12_C12_2   // ICC_HPPIR1_EL1
.endm

.macro let bits
  msr daifclr, #\bits
  isb
  msr daifset, #\bits
.endm

// Reads a word at an address at which something, or nothing, is.
.macro look address
  ldr x1, =\address
  mov w0, #-1
  ldr w0, [x1]
  show
.endm

start:
  mrs x0, mpidr_el1
  tst x0, #0xff
  b.ne park
  ldr x28, =SECURE_UART
  ldr x0, =SECURE_STACK
  mov sp, x0
  adr x0, vectors3
  msr vbar_el3, x0
  showRegister CurrentEL
  showRegister scr_el3

// The secure world's memory and the other's; the program for the non-secure world.
  ldr x1, =SECRET
  ldr x0, =0x0123456789abcdef
  str x0, [x1]
  adr x0, start
  ldr x1, =COPY
  add x2, x1, #COPY_SIZE
1:
  ldp x3, x4, [x0], #16
  stp x3, x4, [x1], #16
  cmp x1, x2
  b.lo 1b
  dsb sy
  ic iallu
  isb

// The interrupt controller: 1 is of group 0, 2 of the secure and 3 of the non-secure group 1.
  show32 DIST
  put32 DIST, 0x37
  show32 DIST
  put32 (REDIST + 0x14), 0
2:
  ldr w0, [x1]
  tbnz w0, #2, 2b
  put32 (SGI_FRAME + 0x80), (1 << 3 | 1 << TIMER)
  put32 (SGI_FRAME + 0xd00), (1 << 2 | 1 << SECURE_TIMER)
  put32 (SGI_FRAME + 0x100), (1 << 1 | 1 << 2 | 1 << 3 | 1 << TIMER | 1 << SECURE_TIMER)
  put32 (SGI_FRAME + 0x400), 0xa0602040
  put32 (SGI_FRAME + 0x418), 0xa0a0a0a0
  put32 (SGI_FRAME + 0x41c), 0x40404040
  show32 (SGI_FRAME + 0x80)
  show32 (SGI_FRAME + 0xd00)
  show32 (SGI_FRAME + 0x100)
  show32 (SGI_FRAME + 0x400)
  mov x0, #0xff
  msr S3_0_C4_C6_0, x0          // ICC_PMR_EL1
  mov x0, #1
  msr S3_0_C12_C12_6, x0        // ICC_IGRPEN0_EL1
  mov x0, #3
  msr S3_6_C12_C12_7, x0        // ICC_IGRPEN1_EL3
  isb

// At EL3 all of them are FIQs.
  ldr x0, =(SCR_FIQ | SCR_RW | SCR_ST)
  msr scr_el3, x0
  isb
  send0 1
  showPending
  let 1
  send1 2
  showPending
  let 1
  sendOther 3
  showPending
  let 1

// EL3's own translation: pages of either world.
  bl makeTables
  ldr x0, =TABLE1
  msr ttbr0_el3, x0
  ldr x0, =0x80803520           // 32 bits, 4 KiB, cached
  msr tcr_el3, x0
  mov x0, #0xff
  msr mair_el3, x0
  tlbi alle3
  dsb sy
  isb
  mrs x0, sctlr_el3
  orr x0, x0, #1
  msr sctlr_el3, x0
  isb
  bl lookThroughTables
  mrs x0, sctlr_el3
  bic x0, x0, #1
  msr sctlr_el3, x0
  isb

// Secure EL1, and back by SMC.
  adr x26, afterSecure
  ldr x0, =(SCR_RW | SCR_ST)
  msr scr_el3, x0
  ldr x0, =SECURE_EL1_STACK
  msr sp_el1, x0
  adr x0, secure
  msr elr_el3, x0
  mov x0, #0x3c5
  msr spsr_el3, x0
  isb
  eret

afterSecure:
  showRegister spsr_el3
// A secure interrupt is left to be taken in the other world, where it is EL3's.
  mov x0, #1
  msr cntps_ctl_el1, x0
  ldr x0, =1000
  msr cntps_tval_el1, x0
  ldr x1, =SGI_FRAME + 0x200
3:
  ldr w0, [x1]
  tbz w0, #SECURE_TIMER, 3b
  adr x26, afterNormal
  ldr x0, =(SCR_NS | SCR_FIQ | SCR_HCE | SCR_RW)
  msr scr_el3, x0
  ldr x0, =EL2_STACK
  msr sp_el2, x0
  ldr x0, =(0x30c50830)
  msr sctlr_el2, x0
  ldr x1, =COPY
  adr x0, hypervisor
  adr x2, start
  sub x0, x0, x2
  add x0, x0, x1
  msr elr_el3, x0
  mov x0, #0x3c9
  msr spsr_el3, x0
  isb
  eret

afterNormal:
  showRegister spsr_el3
  ldr x1, =SECRET
  ldr x0, [x1]
  show
// Off, by the pin.
  ldr x1, =SECURE_GPIO
  mov w0, #1
  str w0, [x1, #0x400]
  str w0, [x1, #4]
park:
  wfi
  b park

// ---- secure EL1 ---------------------------------------------------------------------------------

secure:
  adr x0, vectors1
  msr vbar_el1, x0
  showRegister CurrentEL
  mrs x0, mpidr_el1
  show
  show32 DIST
// Group 0 comes as FIQ, the secure group 1 as IRQ; the other one as FIQ, which stays.
  send0 1
  showPending
  let 1
  send1 2
  showPending
  let 2
  sendOther 3
  showPending
  showRegister S3_0_C12_C8_0    // ICC_IAR0_EL1
// The secure timer.
  mov x0, #1
  msr cntps_ctl_el1, x0
  ldr x0, =1000
  msr cntps_tval_el1, x0
1:
  mrs x0, cntps_ctl_el1
  tbz x0, #2, 1b
  wfi
  let 2
// Its own translation: pages of either world.
  ldr x0, =TABLE1
  msr ttbr0_el1, x0
  ldr x0, =0x00803520           // as EL3's; no upper range
  msr tcr_el1, x0
  mov x0, #0xff
  msr mair_el1, x0
  tlbi vmalle1
  dsb sy
  isb
  mrs x0, sctlr_el1
  orr x0, x0, #1
  msr sctlr_el1, x0
  isb
  bl lookThroughTables
  mrs x0, sctlr_el1
  bic x0, x0, #1
  msr sctlr_el1, x0
  isb
  smc #0x1234
  b .

// ---- tables -------------------------------------------------------------------------------------

// For 32 bits of addresses. The first GiB is there as it is, at 0x80000000 as the non-secure world
// sees it, and at 0xc0000000 every other block so. At 0x40000000 it is by a table in non-secure
// memory, of which whatever is below is not secure either; and the last block is by a table that is
// secure memory and is not read as such.
makeTables:
  ldr x0, =TABLE1
  ldr x1, =0x701                // block, used, inner shareable
  str x1, [x0]
  ldr x2, =(1 << 63 | TABLE4 + 3)
  str x2, [x0, #8]
  orr x2, x1, #1 << 5           // NS
  str x2, [x0, #16]
  ldr x2, =(TABLE2 + 3)
  str x2, [x0, #24]
  ldr x0, =TABLE4
  str x1, [x0]
  ldr x2, =(SECURE_RAM + 0x701)
  str x2, [x0, #(SECURE_RAM >> 21 << 3)]
  ldr x2, =(0x08000701)
  str x2, [x0, #(DIST >> 21 << 3)]
  ldr x0, =TABLE2
  mov x2, #0
1:
  orr x3, x1, x2, lsl #21
  tst x2, #1
  b.eq 2f
  orr x3, x3, #1 << 5           // every other one not secure
2:
  str x3, [x0, x2, lsl #3]
  add x2, x2, #1
  cmp x2, #512
  b.lo 1b
  ldr x2, =(1 << 63 | TABLE3 + 3)
  str x2, [x0, #511 << 3]
  dsb sy
  ret

lookThroughTables:
  stp x29, x30, [sp, #-16]!
  look SECRET
  look (SECRET + 0x80000000)    // absent
  look (SECRET + 0xc0000000)
  look (SECRET + 0xc0200000)    // absent
  look DIST
  look (DIST + 0x80000000)      // as the other world sees it
  look (SGI_FRAME + 0x80)
  look (SGI_FRAME + 0x80000080)
  look (NORMAL_UART + 0xfe0)
  look (NORMAL_UART + 0x80000fe0)
  look (SECURE_UART + 0xfe0)
  look (SECURE_UART + 0x80000fe0)
  look (SECRET + 0x40000000)    // absent
  look (DIST + 0x40000000)      // as the other world sees it
  look 0xffe00000               // a fault of the walk
  ldp x29, x30, [sp], #16
  ret

// ---- the non-secure world -----------------------------------------------------------------------

hypervisor:
  ldr x28, =NORMAL_UART
  adr x0, vectors2
  msr vbar_el2, x0
  showRegister CurrentEL
  bl explore
  show32 DIST
  show32 (SGI_FRAME + 0x80)
  show32 (SGI_FRAME + 0x100)
  show32 (SGI_FRAME + 0x400)
  put32 (SGI_FRAME + 0x80), -1
  show32 (SGI_FRAME + 0x80)
  mov x0, #0x10                 // IMO
  orr x0, x0, #1 << 31          // RW
  msr hcr_el2, x0
  isb
// What secure EL1 has sent to this world comes as IRQ; nobody here can send to the other.
  showPending
  let 2
  send1 3
  let 2
  send1 2
  send0 1
  showPending
// The secure timer is EL3's matter, whatever is masked here.
1:
  ldr x1, =COPY + COPY_SIZE
  ldr x2, [x1]
  cbz x2, 1b
  mov x0, x2
  show
  ldr x0, =EL1_STACK
  msr sp_el1, x0
  ldr x0, =(0x30d00800)
  msr sctlr_el1, x0
  adr x0, kernel
  msr elr_el2, x0
  mov x0, #0x3c5
  msr spsr_el2, x0
  isb
  eret

kernel:
  adr x0, vectors1
  msr vbar_el1, x0
  showRegister CurrentEL
  bl explore
  smc #0x4321
  b .

// What the secure world keeps to itself is absent.
explore:
  stp x29, x30, [sp, #-16]!
  look SECRET
  look SECURE_UART
  look SECURE_GPIO
  look 0                        // the flash
  look NORMAL_RAM + 0x100000
  ldr x1, =SECRET
  str x1, [x1]
  blr x1
  ldp x29, x30, [sp], #16
  ret

// ---- exceptions ---------------------------------------------------------------------------------

.macro table level
  .balign 0x800
vectors\level:
  .irp vector, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  .balign 0x80
  stp x0, x1, [sp, #-96]!
  mov x0, #\vector
  b entry\level
  .endr

entry\level:
  stp x9, x10, [sp, #16]
  stp x11, x12, [sp, #32]
  stp x13, x30, [sp, #48]
  stp x2, x3, [sp, #64]
  str x28, [sp, #80]
  .if \level == 3
  ldr x28, =SECURE_UART         // whosever it was
  .endif
  mov x2, x0
  show
  and x2, x2, #3
  cmp x2, #1
  b.eq irq\level
  cmp x2, #2
  b.eq fiq\level

  mrs x0, esr_el\level
  .if \level == 2
  and x0, x0, #~0x1ffc000       // of which register an access is, QEMU tells EL2 of its own, too
  .endif
  show
  mrs x2, esr_el\level
  lsr x2, x2, #26
  cmp x2, #0x17
  b.eq called\level
  mrs x0, far_el\level
  show
  mrs x0, elr_el\level
  add x0, x0, #4
  and x3, x2, #~1
  cmp x3, #0x20
  ldr x3, [sp, #56]
  csel x0, x3, x0, eq           // nothing to execute: back to the caller
  msr elr_el\level, x0
  b leave\level

called\level:                   // SMC: nothing of the caller's is needed any more
  add sp, sp, #96
  br x26

irq\level:
  mrs x2, S3_0_C12_C12_0        // ICC_IAR1_EL1
  msr S3_0_C12_C12_1, x2        // ICC_EOIR1_EL1
  b taken\level

fiq\level:
  mrs x2, S3_0_C12_C8_0         // ICC_IAR0_EL1
  .if \level == 3
  cmp x2, #1020
  b.lo 1f
  mov x0, x2
  show
  mrs x3, scr_el3               // the world that it is for acknowledges it
  bic x0, x3, #1
  cmp x2, #1021
  cinc x0, x0, eq
  msr scr_el3, x0
  isb
  mrs x2, S3_0_C12_C12_0
  msr S3_0_C12_C12_1, x2
  msr scr_el3, x3
  isb
  cmp x2, #SECURE_TIMER
  b.ne taken\level
  ldr x0, =COPY + COPY_SIZE     // tells the other world
  mov x1, #1
  str x1, [x0]
  b taken\level
1:
  .endif
  msr S3_0_C12_C8_1, x2         // ICC_EOIR0_EL1

taken\level:
  mov x0, x2
  show
  .if \level != 2
  cmp x2, #SECURE_TIMER
  b.ne leave\level
  msr cntps_ctl_el1, xzr
  .endif

leave\level:
  ldp x9, x10, [sp, #16]
  ldp x11, x12, [sp, #32]
  ldp x13, x30, [sp, #48]
  ldp x2, x3, [sp, #64]
  ldr x28, [sp, #80]
  ldp x0, x1, [sp], #96
  eret
.endm

  table 1
  table 2
  table 3

// Prints X0 as 16 digits on the serial port at X28; takes X9 to X13.
print:
  mov x10, x28
  .include "digits.s"

  .ltorg
end:
