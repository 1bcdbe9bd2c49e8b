// The CRC of IEEE 802.3, a byte at a time by a table.
#include "bench.h"

static uint32_t table[256];
static uint8_t data[4096];

uint64_t kernel(uint64_t work) {
  uint64_t random = 1;
  for (uint32_t i = 0; i < 256; i++) {
    uint32_t c = i;
    for (int k = 0; k < 8; k++) c = c & 1 ? 0xedb88320u ^ c >> 1 : c >> 1;
    table[i] = c;
  }
  for (size_t i = 0; i < sizeof data; i++) data[i] = (uint8_t)next_random(&random);
  uint32_t crc = ~0u;
  while (work--) {
    for (size_t i = 0; i < sizeof data; i++) crc = table[(crc ^ data[i]) & 255] ^ crc >> 8;
  }
  return ~crc;
}
