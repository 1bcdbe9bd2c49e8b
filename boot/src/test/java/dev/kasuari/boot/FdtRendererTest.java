package dev.kasuari.boot;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.HardwareNode;
import dev.kasuari.machine.InterruptSpecifier;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class FdtRendererTest {
  private final HardwareNode root =
      new HardwareNode("").u32("#address-cells", 2).u32("#size-cells", 1);

  private FdtNode render() {
    return FdtRenderer.render(root).root();
  }

  private FdtNode rendered(String path) {
    FdtNode found = render().find(path);
    assertThat(found).as(path).isNotNull();
    return Objects.requireNonNull(found);
  }

  private static long[] cells(FdtNode node, String property) throws BootException {
    return Objects.requireNonNull(node.property(property)).cells();
  }

  @Test
  void addressesTakeTheCellsOfTheParent() throws BootException {
    root.child("memory").reg(new HardwareNode.Range(0x1_8000_0000L, 0x1000));
    assertThat(cells(rendered("/memory@180000000"), "reg"))
        .containsExactly(1, 0x8000_0000L, 0x1000);
  }

  @Test
  void onlyNodesThatAreReferredToGetPhandles() throws BootException {
    HardwareNode first = root.child("first").flag("there");
    root.child("second").references("other", first);
    long phandle = cells(rendered("/first"), "phandle")[0];
    assertThat(cells(rendered("/second"), "other")).containsExactly(phandle);
    assertThat(rendered("/second").property("phandle")).isNull();
  }

  @Test
  void interruptsOfOneControllerNameItOnce() throws BootException {
    HardwareNode plic = root.child("plic");
    root.child("uart")
        .interrupts(
            List.of(
                new InterruptSpecifier(plic, List.of(10)),
                new InterruptSpecifier(plic, List.of(11))));
    assertThat(cells(rendered("/uart"), "interrupts")).containsExactly(10, 11);
    assertThat(cells(rendered("/uart"), "interrupt-parent"))
        .isEqualTo(cells(rendered("/plic"), "phandle"));
  }

  @Test
  void interruptsOfSeveralControllersAreExtended() throws BootException {
    HardwareNode one = root.child("one");
    HardwareNode two = root.child("two");
    root.child("timer")
        .interrupts(
            List.of(
                new InterruptSpecifier(one, List.of(7)),
                new InterruptSpecifier(two, List.of(3, 1))));
    assertThat(cells(rendered("/timer"), "interrupts-extended")).hasSize(5).endsWith(3, 1);
  }

  @Test
  void aReferenceOutOfTheTreeIsAnError() throws BootException {
    root.child("first").references("other", new HardwareNode("elsewhere"));
    assertThatThrownBy(() -> FdtRenderer.render(root))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("elsewhere");
  }
}
