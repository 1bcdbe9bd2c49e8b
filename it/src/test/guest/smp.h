// What the guests with several harts share. A guest has main(), which runs on the hart that boots.
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef uint64_t u64;
typedef uint32_t u32;
typedef uint16_t u16;

#define MAX_HARTS 8
#define CACHE_LINE __attribute__((aligned(64)))
#define PAGE_ALIGNED __attribute__((aligned(4096)))

void main(void);

// On every hart at once, with its number; back when all are done. From main().
void run_on_all(void (*function)(u64 hart));

// All harts, inside run_on_all().
void barrier(void);

// Waits until there are `wanted`, for so many spins at the most; whether they have met.
int rendezvous(volatile u64 *counter, u64 wanted, u64 spins);

void print(const char *text);
void print_decimal(u64 value);
void print_hex(u64 value);
void report(const char *name, u64 value); // a line of its own
void fail(const char *what, u64 a, u64 b) __attribute__((noreturn));

// Software interrupts, and fences on other harts, by the firmware; harts as a mask.
void send_ipi(u64 harts);
void remote_fence_i(u64 harts);
void remote_sfence(u64 harts, u64 start, u64 size);
void remote_sfence_asid(u64 harts, u64 start, u64 size, u64 asid);

// In a hart that was interrupted; a guest may have its own.
void on_ipi(u64 hart);

// After an exception: where to go on, with this in a0. A guest may have its own.
u64 on_exception(u64 hart, u64 cause, u64 pc, u64 value, u64 ra, u64 *result);

// Calls code at an address that returns a number.
typedef u64 (*code_function)(void);

static inline u64 this_hart(void) {
  register u64 tp __asm__("tp");
  return tp;
}
static inline u64 all_harts(void) { return (1ULL << HARTS) - 1; }
static inline u64 other_harts(void) { return all_harts() & ~(1ULL << this_hart()); }
static inline void interrupts_on(void) { __asm__ volatile("csrsi sstatus, 2" ::: "memory"); }
static inline void interrupts_off(void) { __asm__ volatile("csrci sstatus, 2" ::: "memory"); }
static inline void fence(void) { __asm__ volatile("fence rw, rw" ::: "memory"); }
static inline void fence_i(void) { __asm__ volatile("fence.i" ::: "memory"); }
static inline u64 acquire(volatile u64 *from) { return __atomic_load_n(from, __ATOMIC_ACQUIRE); }
static inline void release(volatile u64 *to, u64 value) { __atomic_store_n(to, value, __ATOMIC_RELEASE); }
static inline u64 add(volatile u64 *to, u64 value) { return __atomic_fetch_add(to, value, __ATOMIC_ACQ_REL); }
static inline void delay(u64 loops) {
  while (loops--) __asm__ volatile("");
}
static inline u64 next_random(u64 *state) {
  u64 x = *state;
  x ^= x << 13;
  x ^= x >> 7;
  x ^= x << 17;
  return *state = x;
}
static inline u64 seed_of(u64 hart) { return (SEED + 1) * 0x9e3779b97f4a7c15ULL ^ (hart + 1) * 0xbf58476d1ce4e5b9ULL; }

// Instructions that return the 20 bits of a number, shifted by 12.
static inline u32 lui_a0(u64 value) { return (u32)(value << 12) | 10 << 7 | 0x37; }
#define RET 0x00008067u
static inline u64 lui_value(u64 value) { return (u64)(int64_t)(int32_t)(u32)(value << 12); }
