// What runs inside of the guest's guest: two CPUs at EL1 without address translation. It asks the
// firmware, starts the second CPU, sends interrupts from one to the other, takes interrupts of the
// virtual timer, touches memory that its hypervisor has not given to it yet, and switches off.
// To be compiled with GIC=2 or 3. The board: RAM and a serial port as on Arm's virt.

#include <stdint.h>

#define UART 0x09000000ul
#define DIST 0x08000000ul
#define CPUIF 0x08010000ul
#define REDIST 0x080a0000ul
#define REDIST_SIZE 0x20000ul
#define FAR_MEMORY 0x40400000ul
#define FAR_SIZE (8ul << 20)

#define TIMER 27
#define SGI 5
#define SGIS 10
#define TICKS 50

#define PSCI_VERSION 0x84000000
#define PSCI_CPU_OFF 0x84000002
#define PSCI_CPU_ON 0xc4000003
#define PSCI_AFFINITY_INFO 0xc4000004
#define PSCI_SYSTEM_OFF 0x84000008

#define READ(name)                                   \
  ({                                                 \
    uint64_t value_;                                 \
    __asm__ volatile("mrs %0, " name : "=r"(value_)); \
    value_;                                          \
  })
#define WRITE(name, value) __asm__ volatile("msr " name ", %0\n isb" ::"r"((uint64_t)(value)))

__asm__(
    ".section .start, \"ax\"\n"
    ".global _start\n"
    "_start:\n"
    "  adr x1, stacks + 4096\n"
    "  mov sp, x1\n"
    "  adr x1, vectors\n"
    "  msr vbar_el1, x1\n"
    "  bl first\n"
    "  b .\n"
    "secondary:\n"
    "  adr x1, stacks + 8192\n"
    "  mov sp, x1\n"
    "  adr x1, vectors\n"
    "  msr vbar_el1, x1\n"
    "  bl second\n"
    "  b .\n"
    "  .balign 0x800\n"
    "vectors:\n"
    "  .rept 16\n"
    "  .balign 0x80\n"
    "  stp x0, x1, [sp, #-160]!\n"
    "  stp x2, x3, [sp, #16]\n"
    "  stp x4, x5, [sp, #32]\n"
    "  stp x6, x7, [sp, #48]\n"
    "  stp x8, x9, [sp, #64]\n"
    "  stp x10, x11, [sp, #80]\n"
    "  stp x12, x13, [sp, #96]\n"
    "  stp x14, x15, [sp, #112]\n"
    "  stp x16, x17, [sp, #128]\n"
    "  stp x18, x30, [sp, #144]\n"
    "  b taken\n"
    "  .endr\n"
    "taken:\n"
    "  bl interrupt\n"
    "  ldp x2, x3, [sp, #16]\n"
    "  ldp x4, x5, [sp, #32]\n"
    "  ldp x6, x7, [sp, #48]\n"
    "  ldp x8, x9, [sp, #64]\n"
    "  ldp x10, x11, [sp, #80]\n"
    "  ldp x12, x13, [sp, #96]\n"
    "  ldp x14, x15, [sp, #112]\n"
    "  ldp x16, x17, [sp, #128]\n"
    "  ldp x18, x30, [sp, #144]\n"
    "  ldp x0, x1, [sp], #160\n"
    "  eret\n"
    ".text\n");

char stacks[2 * 4096] __attribute__((aligned(16)));
extern char secondary[];

static volatile uint32_t ticks, sgis, others, printed;

static void put32(uint64_t address, uint32_t value) {
  *(volatile uint32_t *)address = value;
}

static uint32_t get32(uint64_t address) {
  return *(volatile uint32_t *)address;
}

// ---- printing ------------------------------------------------------------------------------------

static void print(const char *text) {
  for (; *text != 0; text++) {
    *(volatile uint8_t *)UART = (uint8_t)*text;
  }
}

static void line(const char *text, uint64_t value) {
  print(text);
  print(" ");
  for (int shift = 60; shift >= 0; shift -= 4) {
    uint64_t digit = value >> shift & 15;
    if (value >> shift != 0 || shift == 0) {
      char one[] = {(char)(digit < 10 ? '0' + digit : 'a' + digit - 10), 0};
      print(one);
    }
  }
  print("\n");
}

// ---- firmware ------------------------------------------------------------------------------------

static int64_t psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c) {
  register uint64_t x0 __asm__("x0") = function;
  register uint64_t x1 __asm__("x1") = a;
  register uint64_t x2 __asm__("x2") = b;
  register uint64_t x3 __asm__("x3") = c;
  __asm__ volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3) : : "memory");
  return (int64_t)x0;
}

// ---- interrupts ----------------------------------------------------------------------------------

static void enableInterrupts(uint64_t cpu) {
  uint32_t wanted = 1u << TIMER | 1u << SGI;
#if GIC == 2
  (void)cpu;
  put32(DIST, 1);
  put32(DIST + 0x100, wanted);
  put32(CPUIF + 4, 0xff);
  put32(CPUIF, 1);
#else
  uint64_t redist = REDIST + cpu * REDIST_SIZE;
  put32(DIST, 0x12); // affinity routing, group 1
  put32(redist + 0x14, get32(redist + 0x14) & ~2u);
  while ((get32(redist + 0x14) & 4) != 0) {
  }
  put32(redist + 0x10080, ~0u); // group 1
  put32(redist + 0x10100, wanted);
  WRITE("S3_0_C4_C6_0", 0xff); // ICC_PMR_EL1
  WRITE("S3_0_C12_C12_7", 1); // ICC_IGRPEN1_EL1
#endif
}

static void sendToFirst(void) {
#if GIC == 2
  put32(DIST + 0xf00, 1u << 16 | SGI);
#else
  WRITE("S3_0_C12_C11_5", (uint64_t)SGI << 24 | 1); // ICC_SGI1R_EL1
#endif
}

void interrupt(void) {
#if GIC == 2
  uint32_t told = get32(CPUIF + 0xc);
#else
  uint32_t told = (uint32_t)READ("S3_0_C12_C12_0"); // ICC_IAR1_EL1
#endif
  switch (told & 0x3ff) {
    case TIMER:
      ticks++;
      WRITE("cntv_ctl_el0", 0);
      break;
    case SGI:
      sgis++;
      break;
    default:
      others++;
  }
#if GIC == 2
  put32(CPUIF + 0x10, told);
#else
  WRITE("S3_0_C12_C12_1", told); // ICC_EOIR1_EL1
#endif
}

// Lets one interrupt in that is pending, or waits until one is.
static void waitForInterrupt(void) {
  __asm__ volatile("wfi\n msr daifclr, #2\n isb\n msr daifset, #2" ::: "memory");
}

// ---- what it does --------------------------------------------------------------------------------

void second(uint64_t context) {
  while (printed == 0) {
  }
  line("second CPU", READ("mpidr_el1") & 0xff);
  line("context", context);
  enableInterrupts(1);
  for (uint32_t sent = 0; sent < SGIS; sent++) {
    sendToFirst();
    while (sgis == sent) {
    }
  }
  // Its own timer, which is not that of the other.
  uint32_t before = ticks;
  WRITE("cntv_tval_el0", 1000);
  WRITE("cntv_ctl_el0", 1);
  while (ticks == before) {
    waitForInterrupt();
  }
  psci(PSCI_CPU_OFF, 0, 0, 0);
}

static void memory(void) {
  volatile uint64_t *words = (volatile uint64_t *)FAR_MEMORY;
  uint64_t sum = 0;
  for (uint64_t i = 0; i < FAR_SIZE / 8; i += 64) {
    words[i] = i;
  }
  for (uint64_t i = 0; i < FAR_SIZE / 8; i += 64) {
    sum += words[i];
  }
  line("sum of memory", sum);
}

void first(void) {
  line("level", READ("CurrentEL") >> 2);
  line("version of PSCI", (uint64_t)psci(PSCI_VERSION, 0, 0, 0) >> 16);
  enableInterrupts(0);
  line("CPU_ON", (uint64_t)psci(PSCI_CPU_ON, 1, (uint64_t)secondary, 0x123456789abcdef));
  printed = 1;
  while (sgis < SGIS) {
    waitForInterrupt();
  }
  while (psci(PSCI_AFFINITY_INFO, 1, 0, 0) != 1) {
  }
  line("sent by the other", sgis);
  line("its timer", ticks);
  for (ticks = 0; ticks < TICKS;) {
    WRITE("cntv_tval_el0", 1000);
    WRITE("cntv_ctl_el0", 1);
    waitForInterrupt();
  }
  line("timer interrupts", ticks);
  line("other interrupts", others);
  memory();
  psci(PSCI_SYSTEM_OFF, 0, 0, 0);
}
