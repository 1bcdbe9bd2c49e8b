package dev.kasuari.chardev;

/** Swallows output and has no input ({@code null}). */
public final class NullChardev extends OutputChardev {
  /** Of that id. */
  public NullChardev(String id) {
    super(id);
  }

  @Override
  public int write(byte[] bytes, int offset, int length, Runnable writable) {
    return length;
  }
}
