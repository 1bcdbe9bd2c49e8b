// Page tables of the kernels about them.
#pragma once
#include <stdint.h>

// Kernels built with -DSUPERVISOR run in supervisor mode behind Sv39 and pages of 4 KiB. User mode
// finds the same memory this much below.
#define USER_BELOW 0x40000000ULL
uint64_t *page_table_entry(const void *address);

static inline void forget_translations(void) { __asm__ volatile("sfence.vma" ::: "memory"); }

// Of one page, which was not valid and is now.
static inline void now_valid(uint64_t address) { __asm__ volatile("sfence.vma %0" ::"r"(address) : "memory"); }
