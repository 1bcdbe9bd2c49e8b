package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("guest")
class VirtDevicetreeTest {
  private static final QemuDevicetree DEVICETREE =
      new QemuDevicetree(
          "riscv64",
          "virt",
          "rv64",
          Map.of(
              "/platform-bus@4000000", "for devices that QEMU plugs into its board at run time",
              "/soc/pci@30000000", "PCI Express is not there yet",
              "/pmu", "tells firmware of counters of events, of which there are none"),
          Map.of(
              "/chosen:rng-seed", "random",
              "/soc/plic@c000000:riscv,ndev", "QEMU 7.2 counts one more than there are"));

  @TempDir Path folder;

  @ParameterizedTest
  @ValueSource(ints = {1, 4})
  void differsFromQemusInNamedPlacesOnly(int cpus) throws Exception {
    assertThat(DEVICETREE.differences(cpus, folder)).isEmpty();
  }
}
