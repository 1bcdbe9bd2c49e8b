package dev.kasuari.boards;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("guest")
class ArmVirtDevicetreeTest {
  private static final Map<String, String> OTHERS =
      Map.of(
          "/pcie@10000000", "PCI Express is not there yet",
          "/platform-bus@c000000", "for devices that QEMU plugs into its board at run time");

  private static final Map<String, String> DIFFERENT =
      Map.of(
          "/chosen:rng-seed", "random",
          "/chosen:kaslr-seed", "random",
          "/secure-chosen:rng-seed", "random",
          "/secure-chosen:kaslr-seed", "random");

  @TempDir Path folder;

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cortex-a57 | 1 | gic-version=2",
        "cortex-a57 | 4 | gic-version=3",
        "max | 8 | gic-version=max,virtualization=on",
        "max | 2 | gic-version=2,virtualization=on",
        "cortex-a57,pmu=off | 1 | gic-version=3,its=off,highmem=off",
        "cortex-a57 | 1 | gic-version=3,secure=on",
        "max | 1 | gic-version=2,secure=on,virtualization=on"
      })
  void differsFromQemusInNamedPlacesOnly(String cpu, int cpus, String properties) throws Exception {
    var trees = new QemuDevicetree("aarch64", "virt", cpu, OTHERS, DIFFERENT);
    assertThat(trees.differences(properties, cpus, folder)).isEmpty();
  }

  /** It starts in the non-secure world, with firmware below it that it is told of. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "cortex-a57 | 4 | gic-version=2,secure=on",
        "max | 4 | gic-version=3,secure=on",
        "max | 4 | gic-version=2,secure=on,virtualization=on",
        "cortex-a57 | 4 | gic-version=3,secure=on,virtualization=on",
        "cortex-a57 | 4 | gic-version=2"
      })
  void aKernelIsToldTheSame(String cpu, int cpus, String properties) throws Exception {
    Path kernel = Files.write(folder.resolve("kernel"), new byte[4]);
    var trees = new QemuDevicetree("aarch64", "virt", cpu, OTHERS, DIFFERENT);
    assertThat(trees.differences(properties, cpus, kernel, folder)).isEmpty();
  }
}
