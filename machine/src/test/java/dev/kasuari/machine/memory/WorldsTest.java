package dev.kasuari.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;

import dev.kasuari.machine.TestMachine;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Regions of the secure world alone. */
@Tag("fast")
class WorldsTest {
  private final TestMachine test = new TestMachine();
  private final AddressSpace memory = test.machine.memory();
  private final BusAccess access = new BusAccess();

  @AfterEach
  void close() {
    test.close();
  }

  private MemoryRegion ram(String name, int first) {
    RamBlock block = test.machine.ram().allocate(name, 0x1000);
    block.put(0, new byte[] {(byte) first});
    return MemoryRegion.ram(block);
  }

  private BusResult result(long address, boolean secure) {
    return memory.access(access.from(0, secure, true).asRead(address, 1));
  }

  private long read(long address, boolean secure) {
    assertThat(result(address, secure)).isEqualTo(BusResult.OK);
    return access.value();
  }

  @Test
  void withoutThemThereIsOneView() {
    test.machine.root().add(0x1000, ram("ram", 1));
    assertThat(memory.view(true)).isSameAs(memory.view(false)).isSameAs(memory.view());
  }

  @Test
  void theOtherWorldFindsNobody() {
    MemoryRegion own = ram("own", 1);
    own.setSecureOnly(true);
    test.machine.root().add(0x1000, own);
    assertThat(read(0x1000, true)).isEqualTo(1);
    assertThat(result(0x1000, false)).isEqualTo(BusResult.DECODE_ERROR);
    assertThat(memory.peek(0x1000, 1)).isEqualTo(1);
  }

  @Test
  void theOtherWorldFindsWhatIsBeneath() {
    MemoryRegion own = ram("own", 1);
    test.machine.root().addOverlapping(0x1000, own, 1);
    test.machine.root().add(0x1000, ram("common", 2));
    own.setSecureOnly(true);
    assertThat(read(0x1000, true)).isEqualTo(1);
    assertThat(read(0x1000, false)).isEqualTo(2);
    own.setSecureOnly(false);
    assertThat(read(0x1000, false)).isEqualTo(1);
  }

  @Test
  void aChangeThatOneWorldSeesIsAnnounced() {
    MemoryRegion own = ram("own", 1);
    own.setSecureOnly(true);
    List<String> changes = new ArrayList<>();
    memory.addListener((before, after) ->
        changes.add(before.find(0x1000).kind() + ">" + after.find(0x1000).kind()));
    test.machine.root().add(0x1000, own);
    own.setSecureOnly(false);
    assertThat(changes).containsExactly("UNASSIGNED>RAM", "UNASSIGNED>RAM");
  }
}
