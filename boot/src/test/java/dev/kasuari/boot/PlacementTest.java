package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.testkit.ElfFile;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
final class PlacementTest {
  private static final long MIB = 1 << 20;
  private static final long BASE = 0x8000_0000L;

  private static Placement.Ram ram(long mib) {
    return new Placement.Ram(BASE, mib * MIB);
  }

  private static KernelImage kernel(long mib) {
    return new KernelImage.Movable("test", (_, _) -> {}, mib * MIB, 0);
  }

  private static Placement place(long ramMib, long kernelMib, long initrdMib) throws BootException {
    return Placement.riscv(
        ram(ramMib), 64, BASE + 0x4_5ac8, kernel(kernelMib), initrdMib * MIB, 6_000);
  }

  /** Memory in MiB; then kernel, initrd and devicetree, in MiB from the start of memory. */
  @ParameterizedTest
  @CsvSource({
    "64, 2, 34, 62",
    "128, 2, 66, 126",
    "256, 2, 130, 254",
    "512, 2, 130, 510",
    "1024, 2, 130, 1022",
    "2048, 2, 130, 1022",
    "8192, 2, 130, 1022"
  })
  void placesWhereUsersOfVirtExpect(long ramMib, long kernel, long initrd, long dtb)
      throws BootException {
    Placement p = place(ramMib, 30, 20);
    assertThat(p.kernel()).isEqualTo(BASE + kernel * MIB);
    assertThat(p.kernelEnd()).isEqualTo(BASE + (kernel + 30) * MIB);
    assertThat(p.initrd()).isEqualTo(BASE + initrd * MIB);
    assertThat(p.initrdEnd()).isEqualTo(BASE + (initrd + 20) * MIB);
    assertThat(p.dtb()).isEqualTo(BASE + dtb * MIB);
  }

  @Test
  void withoutFirmwareTheKernelStartsMemory() {
    assertThat(Placement.riscvKernel(64, BASE)).isEqualTo(BASE);
    assertThat(Placement.riscvKernel(64, BASE + 1)).isEqualTo(BASE + 2 * MIB);
    assertThat(Placement.riscvKernel(32, BASE + 1)).isEqualTo(BASE + 4 * MIB);
  }

  @Test
  void withoutInitrdThereIsNone() throws BootException {
    Placement p = place(128, 30, 0);
    assertThat(p.initrd()).isEqualTo(p.initrdEnd());
  }

  @Test
  void aLargeKernelPushesTheInitrdBack() throws BootException {
    assertThat(place(512, 200, 20).initrd()).isEqualTo(BASE + 202 * MIB);
  }

  @Test
  void aLargeInitrdMovesUpToTheKernel() throws BootException {
    assertThat(place(128, 30, 80).initrd()).isEqualTo(BASE + 32 * MIB);
  }

  @Test
  void anInitrdTooLargeForTheGapGoesAboveTheDevicetree() throws BootException {
    assertThat(place(4096, 30, 1500).initrd()).isEqualTo(BASE + 1024 * MIB);
  }

  private static void refused(long ramMib, long kernelMib, long initrdMib, String message) {
    assertThatThrownBy(() -> place(ramMib, kernelMib, initrdMib))
        .isInstanceOf(BootException.class)
        .hasMessage(message);
  }

  @Test
  void whatDoesNotFitIsNamedWithTheMemoryThatWouldDo() {
    refused(128, 30, 200, "initrd of 200 MiB does not fit in 128 MiB of RAM: use -m 256M");
    refused(128, 30, 230, "initrd of 230 MiB does not fit in 128 MiB of RAM: use -m 512M");
    refused(1, 30, 0, "kernel of 30 MiB at 0x80200000 does not fit in 1 MiB of RAM: use -m 64M");
    refused(1024, 30, 1500, "initrd of 1500 MiB does not fit in 1024 MiB of RAM: use -m 4G");
    refused(16, 30, 8, "kernel of 30 MiB at 0x80200000 does not fit in 16 MiB of RAM: use -m 64M");
  }

  @Test
  void kernelsForOtherPlacesAreNamed() throws BootException {
    byte[] low = ElfFile.riscv64().segment(0x1000, 0, new byte[4], 4).bytes();
    KernelImage elf = KernelImage.of("k", low, Architecture.RISCV64);
    assertThatThrownBy(() -> Placement.riscv(ram(128), 64, BASE, elf, 0, 1000))
        .isInstanceOf(BootException.class)
        .hasMessageContaining("wants to be at 0x1000, but memory starts at 0x80000000");
    byte[] start = ElfFile.riscv64().segment(BASE, 0, new byte[4], 4).bytes();
    KernelImage first = KernelImage.of("k", start, Architecture.RISCV64);
    assertThatThrownBy(() -> Placement.riscv(ram(128), 64, BASE + 0x1000, first, 0, 1000))
        .hasMessageContaining("where the firmware is (up to 0x80001000): use -bios none");
    byte[] high = ElfFile.riscv64().segment(BASE + 500 * MIB, 0, new byte[4], 4).bytes();
    KernelImage far = KernelImage.of("k", high, Architecture.RISCV64);
    assertThatThrownBy(() -> Placement.riscv(ram(128), 64, BASE, far, 0, 1000))
        .hasMessage("kernel of 4 bytes at 0x9f400000 does not fit in 128 MiB of RAM: use -m 512M");
  }

  @Test
  void nothingEverOverlapsOrLeavesMemory() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    int placed = 0;
    for (int i = 0; i < 20_000; i++) {
      SplittableRandom random = new SplittableRandom(seed + i);
      Placement.Ram ram = ram(1L << random.nextInt(14));
      long dtbSize = random.nextLong(1, 3 * MIB);
      long initrdSize = random.nextLong(0, 1L << random.nextInt(1, 33));
      KernelImage kernel = kernel(random.nextLong(1, 100));
      try {
        Placement p = Placement.riscv(ram, 64, BASE + 1, kernel, initrdSize, dtbSize);
        placed++;
        assertThat(p.kernel()).isGreaterThan(BASE);
        assertThat(p.initrdEnd() - p.initrd()).isEqualTo(initrdSize);
        assertThat(p.dtb() % (2 * MIB)).isZero();
        assertThat(p.dtb()).isGreaterThanOrEqualTo(p.kernelEnd());
        assertThat(p.dtb() + dtbSize).isLessThanOrEqualTo(ram.end());
        assertThat(p.initrd()).isGreaterThanOrEqualTo(p.kernelEnd());
        assertThat(p.initrdEnd()).isLessThanOrEqualTo(ram.end());
        assertThat(p.initrdEnd() <= p.dtb() || p.initrd() >= p.dtb() + dtbSize).isTrue();
      } catch (BootException e) {
        assertThat(e).hasMessageContaining("does not fit");
      }
    }
    assertThat(placed).isBetween(1, 19_999);
  }
}
