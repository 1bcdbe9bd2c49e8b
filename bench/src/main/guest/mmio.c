// Reads of a device's register: the line status of the serial port.
#include "bench.h"

uint64_t kernel(uint64_t work) {
  volatile uint8_t *uart = (volatile uint8_t *)0x10000000;
  uint64_t sum = 0;
  while (work--) {
    for (int i = 0; i < 100; i++) sum += uart[5] & 0x20;
  }
  return sum;
}
