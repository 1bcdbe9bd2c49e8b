// What run.c needs of a machine. The folder of a target has it, in machine.c and start.S.
#pragma once
#include "bench.h"

// What the bench asks for; it is written into the ELF file behind the mark.
extern volatile struct {
  char mark[16];
  uint64_t work;
  uint64_t paging;
  uint64_t cpus;
} params;

uint64_t now(void); // in units of 100 ns
void put(char c);
_Noreturn void power_off(int failed);

// Runs the kernel in user mode behind page tables of 4 KiB, or as the build asks (-DSUPERVISOR), and
// gives its result to bench_finish; begin() starts the clock.
_Noreturn void run_paged(uint64_t work);
// Wakes the CPUs that are to run bench_secondary.
void wake_others(void);

void begin(void);
_Noreturn void bench_main(void);
_Noreturn void bench_secondary(uint64_t cpu);
_Noreturn void bench_finish(uint64_t checksum);
_Noreturn void bench_trap(uint64_t cause, uint64_t pc, uint64_t value);
