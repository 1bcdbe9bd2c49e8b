// What C has no words for: instructions and addresses of A64.
#pragma once
#include <stdint.h>

#define UART_STATUS ((volatile uint32_t *)0x09000018)
#define UART_EMPTY 0x80

static inline double square_root(double x) {
  __asm__("fsqrt %d0, %d0" : "+w"(x));
  return x;
}

static inline float square_root_single(float x) {
  __asm__("fsqrt %s0, %s0" : "+w"(x));
  return x;
}

static inline double minimum(double x, double y) {
  __asm__("fminnm %d0, %d0, %d1" : "+w"(x) : "w"(y));
  return x;
}

static inline double maximum(double x, double y) {
  __asm__("fmaxnm %d0, %d0, %d1" : "+w"(x) : "w"(y));
  return x;
}

// There is no instruction for it.
static inline int class_of(double x) { return __builtin_isnan(x) ? 9 : x < 0 ? 1 : x > 0 ? 6 : 4; }

// Function number n of some, as machine code: sum = f(sum) of 61 instructions.
static inline void write_code(uint32_t *at, uint32_t n) {
  for (uint32_t i = 0; i < 20; i++) {
    *at++ = 0x91000000 | ((n + i) & 0xfff) << 10; // add x0, x0, #...
    *at++ = 0xd37ff801;                           // lsl x1, x0, #1
    *at++ = 0xca010000;                           // eor x0, x0, x1
  }
  *at = 0xd65f03c0; // ret
}

static inline void synchronize_code(const void *code, uint64_t bytes) {
  for (uint64_t at = (uint64_t)code & ~63ULL; at < (uint64_t)code + bytes; at += 64) {
    __asm__ volatile("dc cvau, %0" ::"r"(at) : "memory");
  }
  __asm__ volatile("dsb ish" ::: "memory");
  for (uint64_t at = (uint64_t)code & ~63ULL; at < (uint64_t)code + bytes; at += 64) {
    __asm__ volatile("ic ivau, %0" ::"r"(at) : "memory");
  }
  __asm__ volatile("dsb ish; isb" ::: "memory");
}
