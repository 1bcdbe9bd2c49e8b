// Page faults: the handler makes the page valid, as a kernel does with memory that is used for the
// first time; after 256 pages all are taken away again.
#include "events.h"
#include "tables.h"

#define TOUCHED 256
static char memory[TOUCHED][4096] __attribute__((aligned(4096)));
static uint64_t faults;

static __attribute__((interrupt("supervisor"))) void page_fault(void) {
  uint64_t address = CSR_READ(stval);
  *page_table_entry((void *)address) |= 1;
  __asm__ volatile("sfence.vma %0" ::"r"(address) : "memory");
  faults++;
}

uint64_t kernel(uint64_t work) {
  CSR_WRITE(stvec, page_fault);
  while (work--) {
    for (int i = 0; i < TOUCHED; i++) *page_table_entry(memory[i]) &= ~1ULL;
    __asm__ volatile("sfence.vma" ::: "memory");
    for (int i = 0; i < TOUCHED; i++) ((volatile char *)memory[i])[i & 63] += (char)work;
  }
  return mix(faults, (uint64_t)memory[7][7]);
}
