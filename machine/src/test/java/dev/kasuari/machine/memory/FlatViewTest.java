package dev.kasuari.machine.memory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

@Tag("fast")
class FlatViewTest {
  private final RamList ram = new RamList();
  private int names;

  @AfterEach
  void unmap() {
    ram.close();
  }

  @Test
  void coversAllAddresses() {
    var root = MemoryRegion.container("root", MemoryRegion.WHOLE);
    assertThat(FlatView.of(root, 1).ranges()).hasSize(1);
    root.add(-0x1000L, mmio("top", 0x1000));
    root.add(0, mmio("bottom", 0x1000));
    FlatView view = FlatView.of(root, 1);
    assertThat(view.ranges()).hasSize(3);
    assertThat(name(view.find(-1))).isEqualTo("top");
    assertThat(name(view.find(0xfff))).isEqualTo("bottom");
    assertThat(view.find(0x1000).kind()).isEqualTo(FlatRange.Kind.UNASSIGNED);
    assertThat(view.find(Long.MAX_VALUE).last()).isEqualTo(-0x1001L);
  }

  @Test
  void higherPriorityHidesAndNeighboursJoinAgain() {
    var root = MemoryRegion.container("root", MemoryRegion.WHOLE);
    var main = root.add(0x1000, MemoryRegion.ram(ram.allocate("main", 0x10000)));
    var hole = root.addOverlapping(0x4000, mmio("hole", 0x1000), 1);
    FlatView view = FlatView.of(root, 1);
    assertThat(name(view.find(0x4800))).isEqualTo("hole");
    FlatRange above = view.find(0x5000);
    assertThat(above.region()).isSameAs(main);
    assertThat(above.hostAddress(0x5004)).isEqualTo(main.block().hostAddress() + 0x4004);
    assertThat(above.ramAddress(0x5004)).isEqualTo(main.block().ramBase() + 0x4004);
    hole.setEnabled(false);
    FlatRange joined = FlatView.of(root, 2).find(0x4800);
    assertThat(joined.first()).isEqualTo(0x1000);
    assertThat(joined.last()).isEqualTo(0x10fff);
  }

  @Test
  void overlapByMistakeIsRefusedWithBothNames() {
    var root = MemoryRegion.container("root", MemoryRegion.WHOLE);
    root.add(0x1000, mmio("uart", 0x100));
    assertThatThrownBy(() -> root.add(0x10ff, mmio("rtc", 0x1000)))
        .hasMessage("rtc [0x10ff..0x20fe] overlaps uart [0x1000..0x10ff] in root");
  }

  @Test
  void aTreeCannotContainItself() {
    var outer = MemoryRegion.container("outer", 0x1000);
    var inner = outer.add(0, MemoryRegion.container("inner", 0x1000));
    var alias = MemoryRegion.alias("again", outer, 0, 0x1000);
    assertThatThrownBy(() -> inner.addOverlapping(0, alias, 1)).hasMessageContaining("itself");
    assertThatThrownBy(() -> outer.addOverlapping(0, inner, 0))
        .hasMessageContaining("mapped in outer already");
  }

  @Test
  void readOnlyAliasMakesRamRom() {
    var root = MemoryRegion.container("root", MemoryRegion.WHOLE);
    var main = MemoryRegion.ram(ram.allocate("main", 0x2000));
    root.add(0, main);
    root.add(0x8000, MemoryRegion.readOnlyAlias("shadow", main, 0x1000, 0x1000));
    FlatRange range = FlatView.of(root, 1).find(0x8010);
    assertThat(range.kind()).isEqualTo(FlatRange.Kind.ROM);
    assertThat(range.readsMemory()).isTrue();
    assertThat(range.writesMemory()).isFalse();
    assertThat(range.regionOffset(0x8010)).isEqualTo(0x1010);
  }

  /** What answers at an address, computed the slow way: down the tree by rank. */
  private record Answer(MemoryRegion region, long offset) {}

  private static @Nullable Answer ask(MemoryRegion region, long offset) {
    if (!region.enabled() || Long.compareUnsigned(offset, region.last()) > 0) {
      return null;
    }
    return switch (region) {
      case MemoryRegion.Container container -> {
        Answer found = null;
        for (MemoryRegion child : container.children()) {
          if (found == null && Long.compareUnsigned(offset, child.offset()) >= 0) {
            found = ask(child, offset - child.offset());
          }
        }
        yield found;
      }
      case MemoryRegion.Alias alias -> ask(alias.target(), alias.targetOffset() + offset);
      default -> new Answer(region, offset);
    };
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void agreesWithTheSlowWay(long seed) {
    System.out.println("seed " + seed);
    for (int round = 0; round < 60; round++) {
      var random = new SplittableRandom(seed * 1000 + round);
      var root = MemoryRegion.container("root", MemoryRegion.WHOLE);
      List<MemoryRegion> made = new ArrayList<>();
      fill(root, random, 3, made);
      compare(root, random);
      for (MemoryRegion region : made) {
        if (random.nextInt(4) == 0) {
          region.setEnabled(random.nextBoolean());
          region.moveTo(region.offset() + random.nextInt(0x40));
        }
      }
      compare(root, random);
    }
  }

  private void fill(
      MemoryRegion.Container into, RandomGenerator random, int depth, List<MemoryRegion> made) {
    int count = 1 + random.nextInt(5);
    for (int i = 0; i < count; i++) {
      MemoryRegion region = region(random, depth, made);
      long offset = random.nextInt(0x180);
      if (random.nextInt(8) == 0) {
        offset = -offset - 1; // at the top of the addresses
      }
      into.addOverlapping(offset, region, random.nextInt(3));
      made.add(region);
    }
  }

  private MemoryRegion region(RandomGenerator random, int depth, List<MemoryRegion> made) {
    long size = 1L + random.nextInt(0x100);
    String name = "r" + names++;
    int kind = random.nextInt(4);
    if (kind == 0 && depth > 0) {
      var container = MemoryRegion.container(name, size);
      fill(container, random, depth - 1, made);
      return container;
    }
    if (kind == 1 && !made.isEmpty()) {
      MemoryRegion target = made.get(random.nextInt(made.size()));
      return MemoryRegion.alias(name, target, random.nextInt(0x80), size);
    }
    return mmio(name, size);
  }

  private static void compare(MemoryRegion root, RandomGenerator random) {
    FlatView view = FlatView.of(root, 1);
    long next = 0;
    for (FlatRange range : view.ranges()) {
      assertThat(range.first()).isEqualTo(next);
      next = range.last() + 1;
    }
    assertThat(next).isZero();
    for (int i = 0; i < 400; i++) {
      check(view, root, random.nextInt(0x300));
      check(view, root, -1L - random.nextInt(0x300));
    }
  }

  private static void check(FlatView view, MemoryRegion root, long address) {
    FlatRange range = view.find(address);
    Answer expected = ask(root, address);
    assertThat(range.contains(address)).isTrue();
    assertThat(range.region()).isSameAs(expected == null ? null : expected.region());
    if (expected != null) {
      assertThat(range.regionOffset(address)).isEqualTo(expected.offset());
    }
  }

  private static MemoryRegion mmio(String name, long size) {
    return MemoryRegion.mmio(name, size, new RecordingHandler(AccessSizes.ANY));
  }

  private static String name(FlatRange range) {
    MemoryRegion region = range.region();
    return region == null ? "" : region.name();
  }
}
