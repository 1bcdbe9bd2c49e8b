// What a kernel is made of. Each file beside this one, and in the folder of a target, is one kernel;
// README.md of this module says how they are built and run.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The work that was asked for goes in, a checksum of it comes out.
uint64_t kernel(uint64_t work);

// Runs on every CPU but the first, between start_others and wait_for_others.
typedef void (*share_function)(uint64_t cpu);
void start_others(share_function share);
void wait_for_others(void);

#define NOINLINE __attribute__((noinline, noipa))

// xorshift64* of Marsaglia and Vigna: the same numbers everywhere.
static inline uint64_t next_random(uint64_t *state) {
  uint64_t x = *state;
  x ^= x >> 12;
  x ^= x << 25;
  x ^= x >> 27;
  *state = x;
  return x * 0x2545f4914f6cdd1dULL;
}

static inline uint64_t mix(uint64_t sum, uint64_t value) {
  return (sum ^ value) * 0x9e3779b97f4a7c15ULL + (sum >> 29);
}

static inline uint64_t bits_of(double value) {
  uint64_t bits;
  __builtin_memcpy(&bits, &value, sizeof bits);
  return bits;
}
