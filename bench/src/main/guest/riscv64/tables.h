// Page tables of the kernels about them.
#pragma once
#include <stdint.h>

// Kernels built with -DSUPERVISOR run in supervisor mode behind Sv39 and pages of 4 KiB. User mode
// finds the same memory this much below.
#define USER_BELOW 0x40000000ULL
uint64_t *page_table_entry(const void *address);
