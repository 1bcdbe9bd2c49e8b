// What C has no words for: instructions and addresses of RISC-V.
#pragma once
#include <stdint.h>

#define UART_STATUS ((volatile uint8_t *)0x10000005)
#define UART_EMPTY 0x20

static inline double square_root(double x) {
  __asm__("fsqrt.d %0, %0" : "+f"(x));
  return x;
}

static inline float square_root_single(float x) {
  __asm__("fsqrt.s %0, %0" : "+f"(x));
  return x;
}

static inline double minimum(double x, double y) {
  __asm__("fmin.d %0, %0, %1" : "+f"(x) : "f"(y));
  return x;
}

static inline double maximum(double x, double y) {
  __asm__("fmax.d %0, %0, %1" : "+f"(x) : "f"(y));
  return x;
}

static inline int class_of(double x) {
  uint64_t class;
  __asm__("fclass.d %0, %1" : "=r"(class) : "f"(x));
  return (int)class;
}

// Function number n of some, as machine code: sum = f(sum) of 61 instructions.
static inline void write_code(uint32_t *at, uint32_t n) {
  for (uint32_t i = 0; i < 20; i++) {
    *at++ = 0x00050513 | (n + i) << 20; // addi a0, a0, ...
    *at++ = 0x00151593;                 // slli a1, a0, 1
    *at++ = 0x00b54533;                 // xor a0, a0, a1
  }
  *at = 0x00008067; // ret
}

static inline void synchronize_code(const void *code, uint64_t bytes) {
  (void)code, (void)bytes;
  __asm__ volatile("fence.i" ::: "memory");
}
