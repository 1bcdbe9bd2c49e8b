package dev.kasuari.block.filter;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.qapi.OptionCodec;
import java.util.List;

/** What drivers of filters have in common. */
abstract class FilterDriver<O> implements BlockDriver<O> {
  private final String name;
  private final String doc;
  private final OptionCodec<O> options;
  private final List<String> slots;

  FilterDriver(String name, String doc, OptionCodec<O> options, String... slots) {
    this.name = name;
    this.doc = doc;
    this.options = options;
    this.slots = List.of(slots);
  }

  @Override
  public final String name() {
    return name;
  }

  @Override
  public final String doc() {
    return doc;
  }

  @Override
  public final OptionCodec<O> options() {
    return options;
  }

  @Override
  public final List<String> slots() {
    return slots;
  }

  /** A filter is no image format, although it may have a file. */
  @Override
  public final boolean isFormat() {
    return false;
  }
}
