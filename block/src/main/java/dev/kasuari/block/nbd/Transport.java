package dev.kasuari.block.nbd;

import java.io.IOException;
import java.nio.ByteBuffer;

/** Bytes both ways; one thread reads while one writes. */
interface Transport extends AutoCloseable {
  /** Reads at least one byte, or says −1 at the end. */
  int read(ByteBuffer to) throws IOException;

  /** Writes all. */
  void write(ByteBuffer... from) throws IOException;

  /** Ends both ways at once; whoever reads or writes gets an exception. */
  @Override
  void close();
}
