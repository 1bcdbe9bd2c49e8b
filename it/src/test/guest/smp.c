// Harts that start, meet, interrupt one another and end the machine.
#include "smp.h"

#define FINISHER ((volatile u32 *)0x100000)
#define UART ((volatile uint8_t *)0x10000000)

struct line {
  volatile u64 value;
} CACHE_LINE;

struct line smp_trap_result[MAX_HARTS];
static struct line asleep[MAX_HARTS];
static struct line arrived, generation, started, printing;
static void (*volatile job)(u64 hart);
extern char _start_other[];

static u64 sbi(u64 extension, u64 function, u64 x, u64 y, u64 z, u64 w, u64 v) {
  register u64 a0 __asm__("a0") = x;
  register u64 a1 __asm__("a1") = y;
  register u64 a2 __asm__("a2") = z;
  register u64 a3 __asm__("a3") = w;
  register u64 a4 __asm__("a4") = v;
  register u64 a6 __asm__("a6") = function;
  register u64 a7 __asm__("a7") = extension;
  __asm__ volatile("ecall" : "+r"(a0), "+r"(a1) : "r"(a2), "r"(a3), "r"(a4), "r"(a6), "r"(a7) : "memory");
  return a0;
}

static void must(u64 error, const char *what) {
  if (error) fail(what, error, 0);
}

void send_ipi(u64 harts) { must(sbi(0x735049, 0, harts, 0, 0, 0, 0), "send_ipi"); }
void remote_fence_i(u64 harts) { must(sbi(0x52464e43, 0, harts, 0, 0, 0, 0), "remote_fence_i"); }
void remote_sfence(u64 harts, u64 start, u64 size) {
  must(sbi(0x52464e43, 1, harts, 0, start, size, 0), "remote_sfence_vma");
}
void remote_sfence_asid(u64 harts, u64 start, u64 size, u64 asid) {
  must(sbi(0x52464e43, 2, harts, 0, start, size, asid), "remote_sfence_vma_asid");
}

static void put(char c) {
  while ((UART[5] & 0x20) == 0) {
  }
  UART[0] = (uint8_t)c;
}

void print(const char *text) {
  while (*text) put(*text++);
}

void print_decimal(u64 value) {
  if (value >= 10) print_decimal(value / 10);
  put((char)('0' + value % 10));
}

void print_hex(u64 value) {
  for (int shift = 60; shift >= 0; shift -= 4) put("0123456789abcdef"[value >> shift & 15]);
}

void report(const char *name, u64 value) {
  print(name);
  print(" ");
  print_decimal(value);
  print("\n");
}

static void end(u32 code) {
  *FINISHER = code;
  for (;;) {
  }
}

void fail(const char *what, u64 a, u64 b) {
  interrupts_off();
  while (__atomic_exchange_n(&printing.value, 1, __ATOMIC_ACQUIRE)) {
  }
  print("FAILED on hart ");
  print_decimal(this_hart());
  print(": ");
  print(what);
  print(" ");
  print_hex(a);
  print(" ");
  print_hex(b);
  print("\n");
  end(1 << 16 | 0x3333);
  __builtin_unreachable();
}

__attribute__((weak)) void on_ipi(u64 hart) { (void)hart; }

__attribute__((weak)) u64 on_exception(u64 hart, u64 cause, u64 pc, u64 value, u64 ra, u64 *result) {
  (void)hart, (void)ra, (void)result;
  report("cause", cause);
  fail("exception at, value", pc, value);
}

static void take_ipi(void) {
  __asm__ volatile("csrci sip, 2" ::: "memory");
  fence();
  on_ipi(this_hart());
}

u64 smp_trap(u64 cause, u64 pc, u64 value, u64 ra) {
  if (cause == (1ULL << 63 | 1)) {
    take_ipi();
    return pc;
  }
  u64 result = 0;
  u64 next = on_exception(this_hart(), cause, pc, value, ra, &result);
  smp_trap_result[this_hart()].value = result;
  return next;
}

static void sleep_until(u64 before) {
  u64 enabled;
  __asm__ volatile("csrrci %0, sstatus, 2" : "=r"(enabled)::"memory");
  __atomic_exchange_n(&asleep[this_hart()].value, 1, __ATOMIC_SEQ_CST);
  for (;;) {
    take_ipi();
    if (acquire(&generation.value) != before) break;
    __asm__ volatile("wfi" ::: "memory");
  }
  asleep[this_hart()].value = 0;
  if (enabled & 2) interrupts_on();
}

void barrier(void) {
  u64 before = generation.value;
  if (add(&arrived.value, 1) + 1 < HARTS) {
    for (int i = 0; i < 3000; i++) {
      if (acquire(&generation.value) != before) return;
    }
    sleep_until(before);
    return;
  }
  arrived.value = 0;
  __atomic_exchange_n(&generation.value, before + 1, __ATOMIC_SEQ_CST);
  u64 sleepers = 0;
  for (u64 h = 0; h < HARTS; h++) {
    if (__atomic_exchange_n(&asleep[h].value, 0, __ATOMIC_SEQ_CST)) sleepers |= 1ULL << h;
  }
  if (sleepers) send_ipi(sleepers);
}

int rendezvous(volatile u64 *counter, u64 wanted, u64 spins) {
  add(counter, 1);
  while (*counter < wanted) {
    if (spins-- == 0) return 0;
  }
  return 1;
}

static void work(u64 hart) {
  barrier();
  job(hart);
  barrier();
}

void run_on_all(void (*function)(u64 hart)) {
  job = function;
  fence();
  work(this_hart());
}

void smp_other(u64 hart) {
  add(&started.value, 1);
  for (;;) work(hart);
}

void smp_boot(void) {
  for (u64 h = 0; h < HARTS; h++) {
    if (h != this_hart()) must(sbi(0x48534d, 0, h, (u64)_start_other, 0, 0, 0), "hart_start");
  }
  while (acquire(&started.value) + 1 < HARTS) {
  }
  main();
  print("done\n");
  end(0x5555);
}
