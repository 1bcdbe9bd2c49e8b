package dev.kasuari.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.RunState;
import dev.kasuari.machine.TestMachine;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class AddressSpaceTest {
  private final TestMachine test = new TestMachine();
  private final AddressSpace memory = test.machine.memory();
  private final BusAccess access = new BusAccess();

  @AfterEach
  void close() {
    test.close();
  }

  private RecordingHandler map(long address, AccessSizes sizes) {
    var handler = new RecordingHandler(sizes);
    test.machine.root().add(address, MemoryRegion.mmio("dev", 64, handler));
    return handler;
  }

  private long read(long address, int size) {
    assertThat(memory.access(access.asRead(address, size))).isEqualTo(BusResult.OK);
    return access.value();
  }

  private void write(long address, int size, long value) {
    assertThat(memory.access(access.asWrite(address, size, value))).isEqualTo(BusResult.OK);
  }

  @Test
  void nobodyIsADecodeErrorAndAGuestError() {
    assertThat(memory.access(access.asRead(0x1234, 4))).isEqualTo(BusResult.DECODE_ERROR);
    assertThat(test.lines).containsExactly("memory: nobody answers read32(0x1234)");
  }

  @Test
  void wideAccessesAreSplitInAddressOrder() {
    RecordingHandler handler = map(0x1000, AccessSizes.of(1, 8).implemented(1, 2));
    assertThat(read(0x1000, 8)).isEqualTo(0x1716151413121110L);
    write(0x1008, 4, 0x44332211);
    assertThat(handler.calls)
        .containsExactly("r16@0", "r16@2", "r16@4", "r16@6", "w16@8=2211", "w16@a=4433");
  }

  @Test
  void narrowAccessesAreWidenedAndKeepTheOtherLanes() {
    RecordingHandler handler = map(0x1000, AccessSizes.of(1, 4).implemented(4, 4));
    assertThat(read(0x1006, 1)).isEqualTo(0x16);
    assertThat(read(0x1006, 2)).isEqualTo(0x1716);
    write(0x1005, 1, 0xaa);
    assertThat(handler.calls).containsExactly("r32@4", "r32@4", "w32@4=1716aa14");
  }

  @Test
  void sizesAndAlignmentsNotOfferedAreRefused() {
    RecordingHandler handler = map(0x1000, AccessSizes.of(4, 4));
    assertThat(memory.access(access.asRead(0x1000, 8))).isEqualTo(BusResult.SLAVE_ERROR);
    assertThat(memory.access(access.asRead(0x1000, 2))).isEqualTo(BusResult.SLAVE_ERROR);
    assertThat(memory.access(access.asWrite(0x1002, 4, 0))).isEqualTo(BusResult.SLAVE_ERROR);
    assertThat(handler.calls).isEmpty();
    assertThat(test.lines).hasSize(3).allMatch(l -> l.startsWith("dev: no "));
  }

  /** Whatever a handler implements, guests see the same bytes. */
  @Test
  void everySizeAndOrderGivesTheSameBytes() {
    var random = new SplittableRandom(7);
    int at = 0;
    for (int min : new int[] {1, 2, 4, 8}) {
      for (int max : new int[] {1, 2, 4, 8}) {
        if (max < min) {
          continue;
        }
        AccessSizes little = AccessSizes.ANY.withUnaligned().implemented(min, max);
        for (AccessSizes sizes : List.of(little, little.bigEndian())) {
          long base = 0x10000 + 0x100L * at++;
          compareWithBytes(base, map(base, sizes), random);
        }
      }
    }
  }

  private void compareWithBytes(long base, RecordingHandler handler, SplittableRandom random) {
    byte[] expected = handler.bytes.clone();
    for (int i = 0; i < 200; i++) {
      int size = 1 << random.nextInt(4);
      int offset = random.nextInt(expected.length - 16);
      if (random.nextBoolean()) {
        long value = random.nextLong() >>> (64 - 8 * size);
        write(base + offset, size, value);
        for (int b = 0; b < size; b++) {
          expected[offset + b] = (byte) (value >>> (8 * b));
        }
      }
      long value = 0;
      for (int b = 0; b < size; b++) {
        value |= (expected[offset + b] & 0xffL) << (8 * b);
      }
      assertThat(read(base + offset, size)).isEqualTo(value);
      assertThat(memory.peek(base + offset, size)).isEqualTo(value);
    }
    assertThat(handler.bytes).isEqualTo(expected);
  }

  @Test
  void accessOverTheEdgeOfTwoRegions() {
    RamBlock first = test.machine.ram().allocate("first", 0x1000);
    RamBlock second = test.machine.ram().allocate("second", 0x1000);
    test.machine.root().add(0x1000, MemoryRegion.ram(first));
    test.machine.root().add(0x2000, MemoryRegion.ram(second));
    write(0x1ffd, 8, 0x8877665544332211L);
    assertThat(read(0x1ffd, 8)).isEqualTo(0x8877665544332211L);
    assertThat(first.get(0xffd, 3)).containsExactly(0x11, 0x22, 0x33);
    assertThat(memory.access(access.asRead(0x2ffc, 8))).isEqualTo(BusResult.DECODE_ERROR);
  }

  @Test
  void romDropsWritesAndSaysSo() {
    RamBlock block = test.machine.ram().allocate("bios", 0x1000);
    block.put(0, new byte[] {1, 2, 3, 4});
    test.machine.root().add(0, MemoryRegion.rom(block));
    write(0, 4, 0x55);
    assertThat(read(0, 4)).isEqualTo(0x04030201);
    assertThat(test.lines).containsExactly("bios: write32(0x0, 0x55) to ROM dropped");
  }

  @Test
  void romDeviceReadsMemoryUntilSwitched() {
    RamBlock block = test.machine.ram().allocate("flash", 0x1000);
    block.put(0, new byte[] {(byte) 0x99});
    var handler = new RecordingHandler(AccessSizes.ANY);
    var flash = test.machine.root().add(0, MemoryRegion.romDevice(block, handler));
    assertThat(read(0, 1)).isEqualTo(0x99);
    write(0, 1, 0x70);
    assertThat(handler.calls).containsExactly("w8@0=70");
    List<String> changes = new ArrayList<>();
    memory.addListener(
        (before, after) -> changes.add(before.find(0).kind() + ">" + after.find(0).kind()));
    flash.setReadable(false);
    assertThat(read(0, 1)).isEqualTo(0x70);
    flash.setReadable(true);
    assertThat(read(0, 1)).isEqualTo(0x99);
    assertThat(changes).containsExactly("ROM_DEVICE>MMIO", "MMIO>ROM_DEVICE");
  }

  @Test
  void changesInABatchAppearAtOnceAndEqualViewsAreNotAnnounced() {
    List<Long> generations = new ArrayList<>();
    memory.addListener((before, after) -> generations.add(after.generation()));
    memory.update(() -> {
      map(0x1000, AccessSizes.ANY);
      map(0x2000, AccessSizes.ANY);
      assertThat(memory.access(access.asRead(0x1000, 1))).isEqualTo(BusResult.DECODE_ERROR);
    });
    assertThat(generations).hasSize(1);
    assertThat(read(0x2000, 1)).isEqualTo(0x10);
    test.machine.root().addOverlapping(0, MemoryRegion.container("empty", 0x10000), 9);
    assertThat(generations).hasSize(1);
  }

  @Test
  void aFailureOfADeviceStopsItsMachineWithAReport() throws InterruptedException {
    test.machine
        .root()
        .add(
            0x1000,
            MemoryRegion.mmio(
                "broken",
                16,
                new MmioHandler() {
                  @Override
                  public long read(long offset, int size, BusAccess a) {
                    return "".charAt((int) offset);
                  }

                  @Override
                  public void write(long offset, int size, long value, BusAccess a) {}
                }));
    assertThat(memory.access(access.asRead(0x1004, 4))).isEqualTo(BusResult.SLAVE_ERROR);
    var end = test.machine.awaitShutdown(5, TimeUnit.SECONDS);
    assertThat(end).isNotNull();
    assertThat(test.machine.state()).isEqualTo(RunState.INTERNAL_ERROR);
    assertThat(test.lines.getFirst())
        .startsWith("test: stopped by a failure of the emulator in broken: read32(0x1004)")
        .contains("StringIndexOutOfBounds");
  }
}
