// The virt board of Arm at EL1: its PL011, PSCI, and VMSAv8-64 with a granule of 4 KiB.
#include "machine.h"
#include "events.h"
#include "tables.h"

#define UART ((volatile uint32_t *)0x09000000)
#define GIB (1ULL << 30)
#define PAGES (128ULL << 8) // of 4 KiB: 128 MiB
#define CPU_ON 0xc4000003
#define SYSTEM_OFF 0x84000008

// Of descriptors: Arm ARM D8.3.
#define TABLE 3ULL
#define BLOCK (1ULL | 1 << 10)              // the access flag
#define PAGE (3ULL | 1 << 10 | 3 << 8)      // and inner shareable
#define DEVICE (1ULL << 2)                  // attribute 1
#define USER (1ULL << 6)                    // readable and writable at EL0, too
#define NOT_FOR_USERS (1ULL << 54)          // not executable there

extern char secondary_entry[];
_Noreturn void enter_user(void *function, uint64_t argument, uint64_t *table);

static uint64_t blocks[512] __attribute__((aligned(4096)));
static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[PAGES] __attribute__((aligned(4096)));
#ifdef SUPERVISOR
static uint64_t user_middle[512] __attribute__((aligned(4096)));
static uint64_t user_leaves[PAGES] __attribute__((aligned(4096)));
#endif

static uint64_t psci(uint64_t function, uint64_t a, uint64_t b, uint64_t c) {
  register uint64_t x0 __asm__("x0") = function;
  register uint64_t x1 __asm__("x1") = a;
  register uint64_t x2 __asm__("x2") = b;
  register uint64_t x3 __asm__("x3") = c;
  __asm__ volatile("hvc #0" : "+r"(x0) : "r"(x1), "r"(x2), "r"(x3) : "memory");
  return x0;
}

uint64_t now(void) {
  __asm__ volatile("isb" ::: "memory");
  uint64_t ticks = READ(cntvct_el0), frequency = READ(cntfrq_el0);
  return ticks / frequency * 10000000 + ticks % frequency * 10000000 / frequency;
}

void put(char c) {
  while (UART[6] & 0x20) { // UARTFR.TXFF
  }
  UART[0] = (uint8_t)c;
}

// There is no exit status; a run that failed has printed no checksum.
void power_off(int failed) {
  (void)failed;
  psci(SYSTEM_OFF, 0, 0, 0);
  for (;;) {
  }
}

void wake_others(void) {
  for (uint64_t cpu = 1; cpu < params.cpus; cpu++) psci(CPU_ON, cpu, (uint64_t)secondary_entry, cpu);
}

// Blocks of 1 GiB: devices, and memory twice.
void memory_management_on(void) {
  blocks[0] = BLOCK | DEVICE | NOT_FOR_USERS;
  blocks[1] = GIB | BLOCK | 3 << 8 | NOT_FOR_USERS;
  blocks[2] = GIB | BLOCK | 3 << 8 | NOT_FOR_USERS;
  WRITE(mair_el1, 0x00ffULL); // 0 is normal memory, written back; 1 is a device
  // 39 bits of addresses, write-back, inner shareable, none above; 40 bits of physical ones
  WRITE(tcr_el1, 25 | 1 << 8 | 1 << 10 | 3 << 12 | 1 << 23 | 2ULL << 32);
  WRITE(ttbr0_el1, blocks);
  __asm__ volatile("isb" ::: "memory");
  forget_translations();
  WRITE(sctlr_el1, READ(sctlr_el1) | 1 | 1 << 2 | 1 << 12 | 1 << 14 | 1 << 15 | 1 << 26); // M, C, I, DZE, UCT, UCI
  __asm__ volatile("isb" ::: "memory");
}

uint64_t *page_table_entry(const void *address) { return &leaves[((uint64_t)address - GIB) >> 12]; }

static uint64_t map(uint64_t *middles, uint64_t *pages, uint64_t attributes) {
  for (uint64_t i = 0; i < PAGES; i++) pages[i] = (GIB + (i << 12)) | PAGE | attributes;
  for (uint64_t i = 0; i < PAGES / 512; i++) middles[i] = (uint64_t)&pages[i * 512] | TABLE;
  return (uint64_t)middles | TABLE;
}

void run_paged(uint64_t work) {
  root[0] = blocks[0];
#ifdef SUPERVISOR
  root[1] = map(middle, leaves, NOT_FOR_USERS);
  root[2] = map(user_middle, user_leaves, USER);
  WRITE(ttbr0_el1, root);
  __asm__ volatile("isb" ::: "memory");
  forget_translations();
  begin();
  bench_finish(kernel(work));
#else
  root[1] = map(middle, leaves, USER);
  root[2] = blocks[2];
  __asm__ volatile("dsb ish" ::: "memory");
  begin();
  enter_user(kernel, work, root);
#endif
}
