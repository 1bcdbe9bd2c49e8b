package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
final class FdtTest {
  /** A small machine with every kind of property. */
  static Fdt machine() {
    FdtNode root = FdtNode.root();
    root.cells("#address-cells", 2).cells("#size-cells", 2).strings("compatible", "a,b", "c");
    FdtNode soc = root.add("soc").flag("ranges");
    FdtNode plic = soc.add("plic@c000000");
    soc.add("serial@10000000")
        .longs("reg", 0x1000_0000L, 0x100)
        .cells("interrupts", 10)
        .cells("interrupt-parent", plic.phandle());
    soc.add("odd").bytes("mac", (byte) 0x52, (byte) 0x54, (byte) 0xff).strings("quote", "a\"b\\c");
    root.add("memory@80000000").longs("reg", 0x8000_0000L, 0x2000_0000L).cells("top", 0xffffffffL);
    return new Fdt(root, List.of(new Fdt.Reservation(0x8000_0000L, 0x1000)), 3);
  }

  @Test
  void writesAndReadsTheSame() throws BootException {
    Fdt back = Fdt.read("blob", machine().write());
    assertThat(back.toDts()).isEqualTo(machine().toDts());
    assertThat(back.reservations()).isEqualTo(machine().reservations());
    assertThat(back.bootCpu()).isEqualTo(3);
    assertThat(back.write()).isEqualTo(machine().write());
  }

  @Test
  void printsSourceText() {
    assertThat(machine().toDts())
        .isEqualTo(
            """
            /dts-v1/;

            /memreserve/ 0x0000000080000000 0x0000000000001000;
            / {
            \t#address-cells = <0x02>;
            \t#size-cells = <0x02>;
            \tcompatible = "a,b", "c";

            \tsoc {
            \t\tranges;

            \t\tplic@c000000 {
            \t\t\tphandle = <0x01>;
            \t\t};

            \t\tserial@10000000 {
            \t\t\treg = <0x00 0x10000000 0x00 0x100>;
            \t\t\tinterrupts = <0x0a>;
            \t\t\tinterrupt-parent = <0x01>;
            \t\t};

            \t\todd {
            \t\t\tmac = [52 54 ff];
            \t\t\tquote = "a\\"b\\\\c";
            \t\t};
            \t};

            \tmemory@80000000 {
            \t\treg = <0x00 0x80000000 0x00 0x20000000>;
            \t\ttop = <0xffffffff>;
            \t};
            };
            """);
  }

  @Test
  void propertiesAreReadAsWhatTheyAre() throws BootException {
    FdtNode root = machine().root();
    FdtNode serial = required(root.find("/soc/serial@10000000"));
    assertThat(required(serial.property("reg")).cells()).containsExactly(0, 0x1000_0000, 0, 0x100);
    assertThat(required(serial.property("interrupts")).u32()).isEqualTo(10);
    assertThat(required(root.property("compatible")).strings()).containsExactly("a,b", "c");
    FdtNode memory = required(serial.find("/memory@80000000"));
    assertThat(required(memory.property("top")).number()).isEqualTo(0xffff_ffffL);
    assertThat(serial.path()).isEqualTo("/soc/serial@10000000");
    assertThat(root.path()).isEqualTo("/");
    assertThat(root.find("soc/none/deeper")).isNull();
    assertThatThrownBy(() -> required(root.property("compatible")).u32())
        .isInstanceOf(BootException.class)
        .hasMessageContaining("compatible of 6 bytes is not one 32-bit number");
    assertThatThrownBy(() -> required(root.property("compatible")).string())
        .hasMessageContaining("is not one string");
    assertThatThrownBy(() -> required(root.property("compatible")).cells())
        .isInstanceOf(BootException.class);
  }

  private static <T> T required(@Nullable T value) {
    assertThat(value).isNotNull();
    return Objects.requireNonNull(value);
  }

  @Test
  void phandlesCountOnFromWhatATreeHas() throws BootException {
    FdtNode root = Fdt.read("blob", machine().write()).root();
    assertThat(root.phandle()).isEqualTo(2);
    assertThat(root.phandle()).isEqualTo(2);
    assertThat(required(root.find("soc/plic@c000000")).phandle()).isEqualTo(1);
    root.cells("phandle", 0x7fffffff);
    assertThat(root.node("next").phandle()).isEqualTo(0x80000000);
  }

  @Test
  void namesThatNoTreeCanHoldAreRefused() {
    FdtNode root = FdtNode.root();
    root.add("a");
    for (String bad : List.of("", "a/b", "a b", "ä", "a", "n".repeat(256))) {
      assertThatThrownBy(() -> root.add(bad)).isInstanceOf(IllegalArgumentException.class);
    }
    assertThatThrownBy(() -> root.cells("x", 1L << 32))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("no 32-bit number");
    assertThat(root.node("a")).isSameAs(root.child("a"));
  }

  @Test
  void removesAndReplacesInPlace() {
    FdtNode root = FdtNode.root().flag("a").flag("b").flag("c");
    root.cells("b", 1).remove("a");
    root.add("x");
    root.removeNode("x");
    assertThat(root.toString()).isEqualTo("/ {\n\tb = <0x01>;\n\tc;\n};\n");
  }

  @Test
  void spareRoomIsCounted() throws BootException {
    byte[] blob = machine().write(1000);
    assertThat(blob.length).isGreaterThanOrEqualTo(machine().write().length + 992);
    assertThat(Fdt.read("blob", blob).toDts()).isEqualTo(machine().toDts());
  }

  @Test
  void eachDamageIsNamed() {
    damaged(0, 0x12345678, "not a devicetree blob");
    damaged(0, 0xedfe0dd0, "wrong order");
    damaged(4, 0x7fffffff, "truncated: it has");
    damaged(4, 8, "says it is 8 bytes long");
    damaged(8, 0x7ffffff0, "structure block is at offset");
    damaged(8, 41, "structure block is at offset");
    damaged(12, -1, "strings block is at offset");
    damaged(16, 44, "memory reservation block is at offset");
    damaged(20, 3, "version 3 cannot be read");
    damaged(24, 18, "version 17 cannot be read");
    damaged(32, 0x10000, "strings block reaches beyond");
    damaged(36, 0x10000, "structure block reaches beyond");
    damaged(36, 8, "ends where a");
  }

  private static void damaged(int offset, int value, String message) {
    byte[] blob = machine().write();
    ByteBuffer.wrap(blob).putInt(offset, value);
    assertThatThrownBy(() -> Fdt.read("-dtb x.dtb", blob))
        .isInstanceOf(BootException.class)
        .hasMessageStartingWith("-dtb x.dtb: ")
        .hasMessageContaining(message);
  }

  @Test
  void wrongStructuresAreNamed() {
    structure("it has no root", Fdt.END);
    structure("ends inside of /", Fdt.BEGIN_NODE, 0, Fdt.END);
    structure("ends that did not begin", Fdt.END_NODE);
    structure("outside of any node", Fdt.PROPERTY, 0, 0);
    structure("two roots", Fdt.BEGIN_NODE, 0, Fdt.END_NODE, Fdt.BEGIN_NODE, 0, Fdt.END_NODE);
    structure("its root is named 'a'", Fdt.BEGIN_NODE, 'a' << 24);
    structure("unknown token 0x7", 7);
    structure("reaches beyond the structure", Fdt.BEGIN_NODE, 0, Fdt.PROPERTY, 99, 0);
    structure("name outside of the strings", Fdt.BEGIN_NODE, 0, Fdt.PROPERTY, 0, 1 << 20);
    structure("node name has no end", Fdt.BEGIN_NODE, 0x61616161);
    int[] twice = {
      Fdt.BEGIN_NODE, 0, Fdt.BEGIN_NODE, 'a' << 24, Fdt.END_NODE, Fdt.BEGIN_NODE, 'a' << 24
    };
    structure("node a appears twice", twice);
    structure("has no name", Fdt.BEGIN_NODE, 0, Fdt.BEGIN_NODE, 0);
    int[] property = {Fdt.BEGIN_NODE, 0, Fdt.PROPERTY, 0, 0, Fdt.PROPERTY, 0, 0};
    structure("property p appears twice in /", property);
    int[] behind = {Fdt.BEGIN_NODE, 0, Fdt.BEGIN_NODE, 'a' << 24, Fdt.END_NODE, Fdt.PROPERTY, 0, 0};
    structure("property p stands behind a node", behind);
    int[] deep = new int[200];
    for (int i = 0; i < deep.length; i += 2) {
      deep[i] = Fdt.BEGIN_NODE;
      deep[i + 1] = i == 0 ? 0 : 'a' << 24;
    }
    structure("nested deeper than 64", deep);
  }

  private static void structure(String message, int... words) {
    ByteBuffer blob = ByteBuffer.allocate(64 + 4 * words.length + 4);
    int strings = 56 + 4 * words.length;
    blob.putInt(Fdt.MAGIC).putInt(blob.capacity()).putInt(56).putInt(strings).putInt(40);
    blob.putInt(17).putInt(16).putInt(0).putInt(2).putInt(4 * words.length);
    blob.position(56);
    Arrays.stream(words).forEach(blob::putInt);
    blob.put((byte) 'p');
    assertThatThrownBy(() -> Fdt.read("x", blob.array()))
        .isInstanceOf(BootException.class)
        .hasMessageContaining(message);
  }

  @Test
  void randomDamageGivesTheTreeOrACheckedError() {
    Damage.loop(
        machine().write(),
        20_000,
        blob -> {
          Fdt tree = Fdt.read("blob", blob);
          // What was accepted can be written and read again.
          assertThat(Fdt.read("again", tree.write()).toDts()).isEqualTo(tree.toDts());
        });
  }

  @Test
  void randomTreesComeBack() throws BootException {
    long seed = System.nanoTime();
    System.out.println("seed " + seed);
    RandomGenerator random = new SplittableRandom(seed);
    for (int i = 0; i < 300; i++) {
      FdtNode root = FdtNode.root();
      grow(root, random, 0);
      Fdt tree = new Fdt(root);
      assertThat(Fdt.read("blob", tree.write()).toDts()).isEqualTo(tree.toDts());
    }
  }

  static void grow(FdtNode node, RandomGenerator random, int depth) {
    for (int i = random.nextInt(5); i > 0; i--) {
      byte[] value = new byte[random.nextInt(13)];
      random.nextBytes(value);
      if (random.nextBoolean()) {
        node.bytes("p" + random.nextInt(40), value);
      } else {
        node.strings("s" + random.nextInt(40), "t" + random.nextInt(), "\"\\");
      }
    }
    for (int i = random.nextInt(depth < 5 ? 4 : 1); i > 0; i--) {
      grow(node.node("n" + random.nextInt(9) + "@" + random.nextInt(99)), random, depth + 1);
    }
  }
}
