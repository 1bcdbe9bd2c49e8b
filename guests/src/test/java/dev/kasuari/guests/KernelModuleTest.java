package dev.kasuari.guests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

@Tag("fast")
final class KernelModuleTest {
  /** A 64-bit little-endian ELF file with .modinfo and the section names, and nothing else. */
  private static byte[] elf(String depends) {
    byte[] info = ("license=GPL\0depends=" + depends + "\0").getBytes(StandardCharsets.US_ASCII);
    byte[] names = "\0.modinfo\0.shstrtab\0".getBytes(StandardCharsets.US_ASCII);
    int table = 64 + info.length + names.length;
    ByteBuffer elf = ByteBuffer.allocate(table + 3 * 64).order(ByteOrder.LITTLE_ENDIAN);
    elf.put(0, new byte[] {0x7f, 'E', 'L', 'F', 2, 1, 1}).putLong(0x28, table);
    elf.putShort(0x3a, (short) 64).putShort(0x3c, (short) 3).putShort(0x3e, (short) 2);
    elf.put(64, info).put(64 + info.length, names);
    section(elf, table + 64, 1, 64, info.length);
    section(elf, table + 128, 10, 64 + info.length, names.length);
    return elf.array();
  }

  private static void section(ByteBuffer elf, int header, int name, int offset, int length) {
    elf.putInt(header, name).putLong(header + 0x18, offset).putLong(header + 0x20, length);
  }

  private static byte[] xz(byte[] data) throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (OutputStream out = new XZOutputStream(bytes, new LZMA2Options(0))) {
      out.write(data);
    }
    return bytes.toByteArray();
  }

  private static Map<String, byte[]> kernelPackage() throws IOException {
    Map<String, byte[]> files = new HashMap<>();
    String root = "usr/lib/modules/6.12/";
    files.put(
        root + "modules.builtin", "kernel/a/virtio-ring.ko\n".getBytes(StandardCharsets.UTF_8));
    files.put(root + "kernel/virtio_net.ko.xz", xz(elf("net-failover,virtio_ring")));
    files.put(root + "kernel/net_failover.ko.xz", xz(elf("failover")));
    files.put(root + "kernel/failover.ko", elf(""));
    files.put(root + "kernel/virtio-rng.ko", elf(""));
    return files;
  }

  @Test
  void modulesComeAfterWhatTheyNeed() throws IOException {
    List<KernelModule> set =
        ModuleSet.of(
            kernelPackage(), List.of("virtio-net", "failover", "virtio_rng", "virtio_ring"));
    assertThat(set.stream().map(KernelModule::name))
        .containsExactly("failover", "net_failover", "virtio_net", "virtio_rng");
    assertThat(set.get(1).image()).isEqualTo(elf("failover"));
  }

  @Test
  void aModuleThatIsNotThereIsNamed() {
    assertThatThrownBy(() -> ModuleSet.of(kernelPackage(), List.of("virtio_nett")))
        .isInstanceOf(GuestException.class)
        .hasMessageContaining("has no module virtio_nett");
  }

  @Test
  void damagedModulesGiveACheckedError() {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    Random random = new Random(seed);
    byte[] good = elf("a,b");
    for (int i = 0; i < 2_000; i++) {
      byte[] bad = good.clone();
      for (int flips = 1 + random.nextInt(4); flips > 0; flips--) {
        bad[random.nextInt(bad.length)] = (byte) random.nextInt();
      }
      try {
        assertThat(KernelModule.read("m.ko", bad).name()).isEqualTo("m");
      } catch (GuestException e) {
        assertThat(e).hasMessageContaining("m.ko");
      }
    }
  }
}
