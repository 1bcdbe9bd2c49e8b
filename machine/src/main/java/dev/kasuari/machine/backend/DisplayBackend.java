package dev.kasuari.machine.backend;

import java.lang.foreign.MemorySegment;

/** Somebody who shows a picture: a window, a VNC server, a file. */
public interface DisplayBackend extends AutoCloseable {
  /**
   * A picture in guest memory or a copy of it.
   *
   * @param width pixels
   * @param height pixels
   * @param stride bytes from one line to the next
   * @param pixels 32 bits each, blue in the lowest byte, the highest unused
   */
  record Picture(int width, int height, int stride, MemorySegment pixels) {}

  /** Its id ({@code -display id=}). */
  String id();

  /** A picture of another size, or in another place, is to be shown. */
  void show(Picture picture);

  /** Part of the picture has changed. */
  void update(int x, int y, int width, int height);

  @Override
  void close();
}
