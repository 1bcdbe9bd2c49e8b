// The virt board of RISC-V in machine mode: its UART, its finisher, and Sv39.
#include "machine.h"
#include "tables.h"

#define FINISHER ((volatile uint32_t *)0x100000)
#define UART ((volatile uint8_t *)0x10000000)
#define RAM_BASE 0x80000000ULL
#define PAGES (128ULL << 8) // of 4 KiB: 128 MiB

_Noreturn void enter_lower(void *function, uint64_t argument, uint64_t mstatus);

static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[PAGES] __attribute__((aligned(4096)));
#ifdef SUPERVISOR
static uint64_t user_middle[512] __attribute__((aligned(4096)));
static uint64_t user_leaves[PAGES] __attribute__((aligned(4096)));
#endif

uint64_t now(void) {
  uint64_t time; // of 10 MHz
  __asm__ volatile("csrr %0, time" : "=r"(time)::"memory");
  return time;
}

void put(char c) {
  while ((UART[5] & 0x20) == 0) {
  }
  UART[0] = (uint8_t)c;
}

void power_off(int failed) {
  *FINISHER = failed ? 1 << 16 | 0x3333 : 0x5555;
  for (;;) {
  }
}

// They run from the start and look for work.
void wake_others(void) {}

uint64_t *page_table_entry(const void *address) { return &leaves[((uint64_t)address - RAM_BASE) >> 12]; }

static void map_at(uint64_t address, uint64_t *middles, uint64_t *pages, uint64_t user) {
  const uint64_t access = 0xcf | user; // dirty, accessed, executable, writable, readable, valid
  for (uint64_t i = 0; i < PAGES; i++) pages[i] = (RAM_BASE + (i << 12)) >> 2 | access;
  for (uint64_t i = 0; i < PAGES / 512; i++) middles[i] = (uint64_t)&pages[i * 512] >> 2 | 1;
  root[address >> 30] = (uint64_t)middles >> 2 | 1;
}

static void map(uint64_t user) {
  map_at(RAM_BASE, middle, leaves, user);
#ifdef SUPERVISOR
  map_at(RAM_BASE - USER_BELOW, user_middle, user_leaves, 0x10);
#endif
  __asm__ volatile("csrw satp, %0; sfence.vma" ::"r"(8ULL << 60 | (uint64_t)root >> 12) : "memory");
}

void run_paged(uint64_t work) {
#ifdef SUPERVISOR
  map(0);
  __asm__ volatile("csrw medeleg, %0" ::"r"(0xb1ffULL));
  __asm__ volatile("csrw mcounteren, %0" ::"r"(7ULL));
  begin();
  enter_lower(kernel, work, 0x800);
#else
  map(0x10);
  __asm__ volatile("csrw mcounteren, %0; csrw scounteren, %0" ::"r"(7ULL));
  begin();
  enter_lower(kernel, work, 0);
#endif
}
