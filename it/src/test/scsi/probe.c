/* Asks a SCSI device who it is and what it can do, and prints what it answers. */
#include <fcntl.h>
#include <scsi/sg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <linux/fs.h>
#include <unistd.h>

static int fd;

static void ask(const char *cdb, int length) {
  unsigned char block[16] = {0}, data[512], sense[32] = {0};
  int n = strlen(cdb) / 2;
  for (int i = 0; i < n; i++) {
    unsigned value;
    sscanf(cdb + 2 * i, "%2x", &value);
    block[i] = value;
  }
  memset(data, 0, sizeof data);
  struct sg_io_hdr io = {.interface_id = 'S', .dxfer_direction = length ? SG_DXFER_FROM_DEV : SG_DXFER_NONE,
                         .cmd_len = n, .mx_sb_len = sizeof sense, .dxfer_len = length, .dxferp = data,
                         .cmdp = block, .sbp = sense, .timeout = 20000};
  int failed = ioctl(fd, SG_IO, &io);
  printf("%s: ", cdb);
  if (failed || io.host_status) {
    printf("host %d %d\n", failed, io.host_status);
  } else if (io.status) {
    printf("status %d sense %x/%02x/%02x\n", io.status, sense[2] & 15, sense[12], sense[13]);
  } else {
    printf("%d ", length - io.resid);
    for (int i = 0; i < length - io.resid; i++) printf("%02x", data[i]);
    printf("\n");
  }
}

int main(int count, char **words) {
  static const char *const cdbs[] = {
    "120000002400", "12000000ff00", "120100004000", "12018000ff00", "12018300ff00", "1201b000ff00",
    "1201b100ff00", "1201b200ff00", "1201c000ff00", "000000000000", "030000001200", "a00000000000000000400000",
    "1a003f00ff00", "1a083f00ff00", "1a0008001800", "1a007f00ff00", "1a00ff00ff00", "5a003f0000000000ff00",
    "5a002a0000000000ff00", "1a000a00ff00", "25000000000000000000", "9e100000000000000000000000200000",
    "43000000000000001400", "43020000000000001400", "43000100000000000c00", "43000200000000003000",
    "46000000000000004000", "51000000000000002200", "4a010000100000000800", "bd0000000000000000080000",
    "ad0000000000000008000000", "e0", "2f000000000000000100", "28000000000000000000"};
  static const int lengths[] = {36, 255, 64, 255, 255, 255, 255, 255, 255, 0, 18, 64, 255, 255, 24, 255, 255, 255,
                                255, 255, 8, 32, 20, 20, 12, 48, 64, 34, 8, 8, 64, 0, 0, 0};
  if (count < 2 || (fd = open(words[1], O_RDWR | O_NONBLOCK)) < 0 && (fd = open(words[1], O_RDONLY | O_NONBLOCK)) < 0)
    return 1;
  if (count == 4) { /* discard */
    unsigned long long range[2] = {strtoull(words[2], 0, 0), strtoull(words[3], 0, 0)};
    return ioctl(fd, BLKDISCARD, range) ? 2 : 0;
  }
  for (unsigned i = 0; i < sizeof cdbs / sizeof *cdbs; i++) ask(cdbs[i], lengths[i]);
  return 0;
}
