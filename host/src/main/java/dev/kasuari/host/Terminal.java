package dev.kasuari.host;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The terminal behind a descriptor. Raw mode hands every key to the program as it is pressed;
 * {@link #close()} puts back what was found, also from a shutdown hook and more than once.
 */
public final class Terminal implements AutoCloseable {
  /** Larger than {@code struct termios} of any host. */
  private static final int TERMIOS_SIZE = 256;

  private static final int TCSANOW = 0;

  // Flags with the same value on Linux and macOS.
  private static final int OPOST = 1;
  private static final int ECHO = 8;

  /**
   * Offsets and flags of {@code struct termios}, which has 32-bit words on Linux, 64-bit on macOS.
   */
  private record Layout(int word, int icanon, int isig, int iexten, int ixon, int cc, int vmin) {
    static Layout ofHost() {
      return HostOs.current() == HostOs.LINUX
          ? new Layout(4, 0x2, 0x1, 0x8000, 0x400, 17, 6)
          : new Layout(8, 0x100, 0x80, 0x400, 0x200, 32, 16);
    }
  }

  /** Rows and columns of a window; 0 where the terminal does not know. */
  public record Size(int rows, int columns) {}

  private final int fd;
  private final byte[] saved;
  private boolean restored;

  private Terminal(int fd, byte[] saved) {
    this.fd = fd;
    this.saved = saved;
  }

  /** True if {@code fd} is a terminal. False on hosts without terminals of this kind. */
  public static boolean isTerminal(int fd) {
    return HostOs.posix() && !knownOtherwise(fd) && Libc.isatty(fd);
  }

  /**
   * Whether Linux shows what the descriptor is, and that is no terminal. The first call of the C
   * library takes a JVM tens of milliseconds, and a program that others run is started with a pipe.
   */
  private static boolean knownOtherwise(int fd) {
    if (HostOs.current() != HostOs.LINUX) {
      return false;
    }
    try {
      String target = Files.readSymbolicLink(Path.of("/proc/self/fd/" + fd)).toString();
      return target.startsWith("pipe:") || target.equals("/dev/null");
    } catch (IOException e) {
      return false;
    }
  }

  /**
   * Switches the terminal to raw input: no echo, no lines, no flow control by keys. Output is still
   * processed, so that a line feed begins a line.
   *
   * @param signals whether Ctrl-C and its kin are signals still; if not they are input
   * @throws HostException if {@code fd} is no terminal
   */
  public static Terminal raw(int fd, boolean signals) {
    HostOs.requirePosix("raw terminal mode");
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment termios = arena.allocate(TERMIOS_SIZE, 8);
      Libc.tcgetattr(fd, termios);
      var terminal = new Terminal(fd, termios.toArray(ValueLayout.JAVA_BYTE));
      makeRaw(termios, signals);
      Libc.tcsetattr(fd, TCSANOW, termios);
      return terminal;
    }
  }

  /**
   * Makes the terminal a plain pipe in both directions, for good: what the other end of a
   * pseudo-terminal needs ({@code cfmakeraw}).
   *
   * @throws HostException if {@code fd} is no terminal
   */
  static void makePipe(int fd) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment termios = arena.allocate(TERMIOS_SIZE, 8);
      Libc.tcgetattr(fd, termios);
      makeRaw(termios, false);
      change(termios, Layout.ofHost().word, OPOST, 0);
      Libc.tcsetattr(fd, TCSANOW, termios);
    }
  }

  private static void makeRaw(MemorySegment termios, boolean signals) {
    Layout layout = Layout.ofHost();
    // IGNBRK, BRKINT, PARMRK, ISTRIP, INLCR, IGNCR and ICRNL are the same on both hosts.
    int input = 0x1 | 0x2 | 0x8 | 0x20 | 0x40 | 0x80 | 0x100 | layout.ixon;
    int local = ECHO | layout.icanon | layout.iexten | (signals ? 0 : layout.isig);
    change(termios, 0, input, 0);
    change(termios, layout.word, 0, OPOST);
    change(termios, 3 * layout.word, local, 0);
    termios.set(ValueLayout.JAVA_BYTE, layout.cc + layout.vmin, (byte) 1);
    int vtime = HostOs.current() == HostOs.LINUX ? 5 : 17;
    termios.set(ValueLayout.JAVA_BYTE, layout.cc + vtime, (byte) 0);
  }

  /** Clears and sets bits in the low 32 bits of a flag word; all hosts are little-endian here. */
  private static void change(MemorySegment termios, int offset, int clear, int set) {
    int flags = termios.get(ValueLayout.JAVA_INT, offset);
    termios.set(ValueLayout.JAVA_INT, offset, (flags & ~clear) | set);
  }

  /** The window's size. */
  public static Size size(int fd) {
    HostOs.requirePosix("the size of a terminal");
    long request = HostOs.current() == HostOs.LINUX ? 0x5413 : 0x40087468L; // TIOCGWINSZ
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment size = arena.allocate(8, 8);
      Libc.ioctl("TIOCGWINSZ", fd, request, size);
      return new Size(
          Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, 0)),
          Short.toUnsignedInt(size.get(ValueLayout.JAVA_SHORT, 2)));
    }
  }

  /** Puts back the mode that {@link #raw} found. */
  @Override
  public synchronized void close() {
    if (restored) {
      return;
    }
    restored = true;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment termios = arena.allocate(TERMIOS_SIZE, 8);
      termios.copyFrom(MemorySegment.ofArray(saved));
      Libc.tcsetattr(fd, TCSANOW, termios);
    }
  }
}
