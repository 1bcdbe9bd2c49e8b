// Page tables of the kernels about them.
#pragma once
#include <stdint.h>

// Kernels built with -DSUPERVISOR run at EL1 behind pages of 4 KiB. User mode finds the same memory
// this much above.
#define USER_ABOVE 0x40000000ULL
uint64_t *page_table_entry(const void *address);

static inline void forget_translations(void) {
  __asm__ volatile("dsb ishst; tlbi vmalle1; dsb ish; isb" ::: "memory");
}

// Of one page, which was not valid and is now.
static inline void now_valid(uint64_t address) {
  (void)address;
  __asm__ volatile("dsb ishst; isb" ::: "memory");
}
