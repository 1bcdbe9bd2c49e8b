package dev.kasuari.tcg.ir;

import java.util.List;

/** A place to branch to. Parameters take their values from the branches that lead here. */
public final class Block {
  final int index;
  final List<Value> parameters;

  Block(int index, List<Value> parameters) {
    this.index = index;
    this.parameters = parameters;
  }

  /** The parameter at a position, from 0. */
  public Value parameter(int position) {
    return parameters.get(position);
  }

  @Override
  public String toString() {
    return "b" + index;
  }
}
