// Around a kernel: runs it in the mode that was asked for, prints its checksum and the time the
// guest's clock says it took, and ends the machine by the test finisher.
#include "bench.h"

#define FINISHER ((volatile uint32_t *)0x100000)
#define UART ((volatile uint8_t *)0x10000000)
#define RAM_BASE 0x80000000ULL
#define PAGES (128ULL << 8) // of 4 KiB: 128 MiB

extern volatile struct {
  char magic[16];
  uint64_t work;
  uint64_t paging;
  uint64_t harts;
} params;

void enter_lower(void *function, uint64_t argument, uint64_t mstatus);

volatile share_function share;
volatile uint64_t finished;
static uint64_t began;
static uint64_t root[512] __attribute__((aligned(4096)));
static uint64_t middle[512] __attribute__((aligned(4096)));
static uint64_t leaves[PAGES] __attribute__((aligned(4096)));
#ifdef SUPERVISOR
static uint64_t user_middle[512] __attribute__((aligned(4096)));
static uint64_t user_leaves[PAGES] __attribute__((aligned(4096)));
#endif

static uint64_t now(void) {
  uint64_t time;
  __asm__ volatile("csrr %0, time" : "=r"(time)::"memory");
  return time;
}

static void put(char c) {
  while ((UART[5] & 0x20) == 0) {
  }
  UART[0] = (uint8_t)c;
}

static void print(const char *text) {
  while (*text) put(*text++);
}

static void print_hex(uint64_t value) {
  for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

static void print_decimal(uint64_t value) {
  if (value >= 10) print_decimal(value / 10);
  put((char)('0' + value % 10));
}

void bench_finish(uint64_t checksum) {
  uint64_t ticks = now() - began;
  print("checksum ");
  print_hex(checksum);
  print(" ticks ");
  print_decimal(ticks);
  print("\n");
  *FINISHER = 0x5555;
  for (;;) {
  }
}

void bench_trap(uint64_t cause, uint64_t pc, uint64_t value) {
  print("unexpected trap: cause ");
  print_hex(cause);
  print(" pc ");
  print_hex(pc);
  print(" value ");
  print_hex(value);
  print("\n");
  *FINISHER = 1 << 16 | 0x3333;
  for (;;) {
  }
}

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

uint64_t hart_count(void) { return params.harts; }

void start_others(share_function function) {
  finished = 0;
  __sync_synchronize();
  share = function;
}

void wait_for_others(void) {
  while (finished + 1 < params.harts) {
  }
  __sync_synchronize();
}

void bench_main(void) {
  uint64_t work = params.work;
#ifdef SUPERVISOR
  map(0);
  __asm__ volatile("csrw medeleg, %0" ::"r"(0xb1ffULL));
  __asm__ volatile("csrw mcounteren, %0" ::"r"(7ULL));
  began = now();
  enter_lower(kernel, work, 0x800);
#else
  if (params.paging) {
    map(0x10);
    __asm__ volatile("csrw mcounteren, %0; csrw scounteren, %0" ::"r"(7ULL));
    began = now();
    enter_lower(kernel, work, 0);
  }
  began = now();
  bench_finish(kernel(work));
#endif
}
