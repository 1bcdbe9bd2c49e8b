// Page tables of the kernels about them.
#pragma once
#include <stdint.h>

// Kernels built with -DSUPERVISOR run at EL1 behind pages of 4 KiB. User mode finds the same memory
// this much above.
#define USER_ABOVE 0x40000000ULL
uint64_t *page_table_entry(const void *address);
