package dev.kasuari.hw.serial;

import dev.kasuari.machine.backend.CharBackend;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** The other end of a serial line: keeps what it gets, has as much room as a test says. */
public final class OtherEnd implements CharBackend {
  private final ByteArrayOutputStream heard = new ByteArrayOutputStream();
  private @Nullable Receiver receiver;
  private @Nullable Consumer<Runnable> post;
  private @Nullable Runnable writable;
  private byte[] toSay = {};
  private int room = Integer.MAX_VALUE;
  private int breaks;
  private @Nullable Window window;

  @Override
  public String id() {
    return "other-end";
  }

  @Override
  public synchronized void connect(Receiver newReceiver, Consumer<Runnable> newPost) {
    receiver = newReceiver;
    post = newPost;
  }

  @Override
  public synchronized int write(byte[] bytes, int offset, int length, Runnable whenWritable) {
    int taken = Math.min(length, room);
    heard.write(bytes, offset, taken);
    room -= taken;
    if (taken < length) {
      writable = whenWritable;
    }
    return taken;
  }

  @Override
  public void acceptInput() {
    post(this::offer);
  }

  @Override
  public synchronized void sendBreak() {
    breaks++;
  }

  @Override
  public synchronized @Nullable Window window() {
    return window;
  }

  /** From now on the terminal has this size. */
  public void resize(int columns, int rows) {
    synchronized (this) {
      window = new Window(columns, rows);
    }
    happen(Event.RESIZED);
  }

  /** Somebody comes, goes, or does something else. */
  public void happen(Event event) {
    post(() -> receiver().event(event));
  }

  @Override
  public void close() {}

  /** Says something, as fast as the device takes it. */
  public void say(String text) {
    say(text.getBytes(StandardCharsets.ISO_8859_1));
  }

  public synchronized void say(byte[] bytes) {
    byte[] all = java.util.Arrays.copyOf(toSay, toSay.length + bytes.length);
    System.arraycopy(bytes, 0, all, toSay.length, bytes.length);
    toSay = all;
    acceptInput();
  }

  public void sayBreak() {
    happen(Event.BREAK);
  }

  /** Takes so many more bytes. */
  public synchronized void room(int bytes) {
    room = bytes;
    Runnable tell = writable;
    writable = null;
    if (tell != null) {
      tell.run();
    }
  }

  public synchronized String heard() {
    return heard.toString(StandardCharsets.ISO_8859_1);
  }

  /** What the device had no room for yet. */
  public synchronized int unsaid() {
    return toSay.length;
  }

  public synchronized int breaks() {
    return breaks;
  }

  private synchronized void offer() {
    int count = Math.min(receiver().canReceive(), toSay.length);
    if (count > 0) {
      byte[] now = java.util.Arrays.copyOf(toSay, count);
      toSay = java.util.Arrays.copyOfRange(toSay, count, toSay.length);
      receiver().receive(now);
    }
  }

  private void post(Runnable action) {
    if (post != null) {
      post.accept(action);
    }
  }

  private Receiver receiver() {
    if (receiver == null) {
      throw new IllegalStateException("nobody is connected");
    }
    return receiver;
  }
}
