package dev.kasuari.tcg;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class PageFilterTest {
  private static final int PAGES = 4000;
  private static final long CODE = 0xffff_8000_0801_0000L;

  private final PageFilter filter = new PageFilter(18);

  private void addKernel() {
    for (long page = 0; page < PAGES; page++) {
      filter.add(CODE + page * 4096 + (page & 4095));
    }
  }

  @Test
  void whatWasAddedIsContained() {
    addKernel();
    for (long page = 0; page < PAGES; page++) {
      assertThat(filter.mayContain(CODE + page * 4096)).isTrue();
    }
    assertThat(filter.full()).isFalse();
  }

  @Test
  void hardlyAnyOtherPageIsTakenForOneOfThem() {
    addKernel();
    var random = new SplittableRandom(1);
    int taken = 0;
    for (int i = 0; i < 100_000; i++) {
      taken += filter.mayContain(CODE + (PAGES + random.nextLong(1L << 35)) * 4096) ? 1 : 0;
    }
    assertThat(taken).isLessThan(500);
  }

  @Test
  void itIsFullBeforeItSaysYesToEverything() {
    long page = 0;
    while (!filter.full()) {
      filter.add(CODE + page++ * 4096);
    }
    assertThat(page).isBetween(1L << 14, 1L << 15);
    filter.clear();
    assertThat(filter.full()).isFalse();
    assertThat(filter.mayContain(CODE)).isFalse();
  }
}
