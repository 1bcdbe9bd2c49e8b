// Reads of a device's register: the line status of the serial port.
#include "bench.h"
#include "target.h"

uint64_t kernel(uint64_t work) {
  uint64_t sum = 0;
  while (work--) {
    for (int i = 0; i < 100; i++) sum += *UART_STATUS & UART_EMPTY;
  }
  return sum;
}
