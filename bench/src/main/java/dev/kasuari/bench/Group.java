package dev.kasuari.bench;

import java.util.Locale;

/** What a set of benchmarks is about; each has a geometric mean of its own. */
enum Group {
  START("from the start of the process to the end of a guest that ends at once"),
  COMPUTE("integer code in the mode of a kernel, without paging or in blocks of 1 GiB"),
  PAGED("the same in user mode behind pages of 4 KiB"),
  FP("floating point in the mode of a kernel"),
  ONCE("code of which each instruction runs once"),
  EVENTS("traps, device registers, page tables, interrupts"),
  SMP("a parallel job on one CPU and on two"),
  BOOT("Debian's Linux until it runs init");

  private final String doc;

  Group(String doc) {
    this.doc = doc;
  }

  String doc() {
    return doc;
  }

  String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
