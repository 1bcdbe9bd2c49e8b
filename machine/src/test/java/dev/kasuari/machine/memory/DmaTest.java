package dev.kasuari.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.TestMachine;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class DmaTest {
  private final TestMachine test = new TestMachine();
  private final RamBlock block = test.machine.ram().allocate("ram", 0x4000);
  private final Dma dma = test.machine.memory().dma(3);

  DmaTest() {
    test.machine.root().add(0x8000, MemoryRegion.ram(block));
  }

  @AfterEach
  void close() {
    test.close();
  }

  @Test
  void scalarsAreLittleEndianAtAnyAddress() throws DmaFault {
    dma.write64(0x8003, 0x1122334455667788L);
    assertThat(dma.read64(0x8003)).isEqualTo(0x1122334455667788L);
    assertThat(dma.read8(0x8003)).isEqualTo(0x88);
    assertThat(dma.read16(0x8004)).isEqualTo(0x6677);
    dma.storeRelease16(0x8100, 0xfedc);
    dma.storeRelease16(0x8103, 0xba98);
    assertThat(dma.loadAcquire16(0x8100)).isEqualTo(0xfedc);
    assertThat(dma.loadAcquire16(0x8103)).isEqualTo(0xba98);
    dma.storeRelease32(0x8104, -2);
    assertThat(dma.loadAcquire32(0x8104)).isEqualTo(-2);
  }

  @Test
  void faultsNameTheFirstBadAddress() {
    assertThatThrownBy(() -> dma.write(0xbffc, new byte[8]))
        .isInstanceOfSatisfying(
            DmaFault.class,
            f -> {
              assertThat(f.address()).isEqualTo(0xc000);
              assertThat(f.result()).isEqualTo(BusResult.DECODE_ERROR);
            });
    assertThatThrownBy(() -> dma.loadAcquire16(-1)).isInstanceOf(DmaFault.class);
    assertThatThrownBy(() -> dma.read64(-4)).isInstanceOf(DmaFault.class);
    assertThatThrownBy(() -> dma.lease(0xbfff, 2, true)).isInstanceOf(DmaFault.class);
    assertThatThrownBy(() -> dma.lease(0x8000, Long.MAX_VALUE, false)).isInstanceOf(DmaFault.class);
  }

  @Test
  void writesAreLoggedAndReachCode() throws DmaFault {
    List<String> heard = new ArrayList<>();
    block
        .dirty()
        .addWatch(
            new DirtyLog.Watch() {
              @Override
              public void codeWritten(long ramAddress, long length) {
                heard.add("code+%x:%d".formatted(ramAddress - block.ramBase(), length));
              }

              @Override
              public void rearm(long ramAddress, long length) {
                heard.add("rearm+%x:%x".formatted(ramAddress - block.ramBase(), length));
              }
            });
    block.dirty().start(DirtyLog.Client.DISPLAY);
    block.dirty().setCode(0x1004);
    dma.write(0x8ffe, new byte[4]);
    dma.write(0xb000, new byte[1]);
    assertThat(heard).containsExactly("rearm+0:4000", "rearm+1000:1000", "code+ffe:4");
    List<String> runs = new ArrayList<>();
    long pages =
        block
            .dirty()
            .drain(
                DirtyLog.Client.DISPLAY,
                (offset, length) -> runs.add("%x:%x".formatted(offset, length)));
    assertThat(pages).isEqualTo(3);
    assertThat(runs).containsExactly("0:2000", "3000:1000");
    block.dirty().clearCode(0x1000);
    heard.clear();
    dma.write(0x9000, new byte[4]);
    assertThat(heard).isEmpty();
    assertThat(block.dirty().isDirty(DirtyLog.Client.DISPLAY, 0x1000)).isTrue();
    assertThat(block.dirty().mustReport(0x1000)).isFalse();
    assertThat(block.dirty().mustReport(0)).isTrue();
  }

  @Test
  void leaseIsTheGuestsOwnMemory() throws DmaFault {
    block.dirty().start(DirtyLog.Client.MIGRATION);
    try (Lease lease = dma.lease(0x9000, 0x1000, true)) {
      lease.segment().set(ValueLayout.JAVA_BYTE, 5, (byte) 77);
      assertThat(dma.read8(0x9005)).isEqualTo(77);
      MemorySegment segment = lease.segment();
      assertThatThrownBy(() -> segment.get(ValueLayout.JAVA_BYTE, 0x1000))
          .isInstanceOf(IndexOutOfBoundsException.class);
      lease.written(16);
    }
    assertThat(block.dirty().isDirty(DirtyLog.Client.MIGRATION, 0x1000)).isTrue();
    assertThat(block.dirty().isDirty(DirtyLog.Client.MIGRATION, 0x2000)).isFalse();
  }

  @Test
  void leaseOverTwoPiecesIsACopyThatComesBack() throws DmaFault {
    RamBlock more = test.machine.ram().allocate("more", 0x1000);
    test.machine.root().add(0xc000, MemoryRegion.ram(more));
    dma.write(0xbfff, new byte[] {1, 2});
    try (Lease lease = dma.lease(0xbfff, 2, false)) {
      assertThat(lease.segment().toArray(ValueLayout.JAVA_BYTE)).containsExactly(1, 2);
    }
    try (Lease lease = dma.lease(0xbfff, 2, true)) {
      lease.segment().set(ValueLayout.JAVA_BYTE, 0, (byte) 8);
      lease.segment().set(ValueLayout.JAVA_BYTE, 1, (byte) 9);
    }
    assertThat(dma.read(0xbfff, 2)).containsExactly(8, 9);
  }

  @Test
  void messageSignalledInterruptIsOneRegisterWrite() throws DmaFault {
    var handler = new RecordingHandler(AccessSizes.of(4, 4));
    test.machine.root().add(0x1000, MemoryRegion.mmio("imsic", 64, handler));
    dma.write32(0x1000, 33);
    assertThat(handler.calls).containsExactly("w32@0=21");
    assertThatThrownBy(() -> dma.write16(0x1000, 33))
        .isInstanceOfSatisfying(
            DmaFault.class, f -> assertThat(f.result()).isEqualTo(BusResult.SLAVE_ERROR));
    assertThat(dma.read(0x1000, 8)).hasSize(8);
  }

  @Test
  void iommuMovesAndForbids() throws DmaFault {
    Iommu iommu =
        (requester, address, length, write) -> {
          if (write || requester != 3) {
            throw new DmaFault(address, BusResult.DECODE_ERROR);
          }
          // Pages in reverse order: nothing longer than a page is in one piece.
          long page = 0xb000 - (address & -0x1000);
          return new Iommu.Mapping(page + (address & 0xfff), 0x1000 - (address & 0xfff));
        };
    block.put(0x2fff, new byte[] {1});
    block.put(0x3000 - 0x1000 - 0x1000, new byte[] {2});
    var view = new Dma(test.machine.memory(), 3, iommu);
    block.put(0x3fff, new byte[] {5});
    assertThat(view.read8(0x0fff)).isEqualTo(5);
    block.put(0x2000, new byte[] {6});
    assertThat(view.read16(0x0fff)).isEqualTo(0x0605);
    assertThatThrownBy(() -> view.write8(0, 1)).isInstanceOf(DmaFault.class);
  }
}
