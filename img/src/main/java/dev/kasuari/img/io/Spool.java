package dev.kasuari.img.io;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;

/** What a request that runs beside others will have printed when its turn comes. */
final class Spool implements Runnable {
  private final IoSession session;
  private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
  private final IoSession own;

  Spool(IoSession session) {
    this.session = session;
    PrintStream out = new PrintStream(bytes, true, StandardCharsets.UTF_8);
    own = new IoSession(session.program(), out, out);
  }

  /** Where to print meanwhile. */
  IoSession session() {
    return own;
  }

  @Override
  public void run() {
    session.out().print(bytes.toString(StandardCharsets.UTF_8));
  }
}
