package dev.kasuari.testkit;

import java.io.IOException;
import java.io.InputStream;

/** TestFloat's output: hexadecimal numbers apart by blanks, one vector a line. Parsed in place. */
public final class VectorStream {
  private final InputStream in;
  private final byte[] buffer = new byte[1 << 16];
  private int at;
  private int end;

  public VectorStream(InputStream in) {
    this.in = in;
  }

  /** Whether another number follows. */
  public boolean hasNext() throws IOException {
    while (true) {
      int c = peek();
      if (c < 0) {
        return false;
      }
      if (c > ' ') {
        return true;
      }
      at++;
    }
  }

  /** The next number. */
  public long next() throws IOException {
    if (!hasNext()) {
      throw new IOException("vectors end in the middle of a line");
    }
    long value = 0;
    for (int c = peek(); c > ' '; c = peek()) {
      value = value << 4 | Character.digit(c, 16);
      at++;
    }
    return value;
  }

  private int peek() throws IOException {
    if (at == end) {
      at = 0;
      end = in.read(buffer);
      if (end <= 0) {
        end = 0;
        return -1;
      }
    }
    return buffer[at];
  }
}
