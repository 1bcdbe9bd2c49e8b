package dev.kasuari.block.vpc;

import java.util.UUID;

/** A node that a differencing image may be made for. */
interface VpcImage {
  /** What tells it from all others. */
  UUID id();
}
