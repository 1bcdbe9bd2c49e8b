package dev.kasuari.block.ssh;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.Zeroes;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;

/**
 * A file of a server. It consists of sectors of 512 bytes: where the file's size is no multiple,
 * the last one is filled up with zeroes.
 */
final class SshNode extends BlockNode {
  private static final int SECTOR = 512;

  private final String name;
  private final String host;
  private final SshLink link;
  private final boolean regular;
  private final AtomicBoolean warned = new AtomicBoolean();

  /** Bytes of the file. */
  private final AtomicLong end;

  SshNode(Opening opening, SshTarget target, SshLink link, SftpReply.Attributes found) {
    super(opening);
    this.link = link;
    name = target.toString();
    host = target.host();
    regular = found.regular();
    end = new AtomicLong(found.size());
  }

  @Override
  public String filename() {
    return name;
  }

  @Override
  public long size() {
    return (end.get() + SECTOR - 1) & -SECTOR;
  }

  @Override
  public boolean growsAsZeroes() {
    return regular;
  }

  @Override
  protected boolean grows() {
    return true;
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    done("read failed", file -> file.read(offset, to));
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    try {
      done("write failed", file -> file.write(offset, from));
      end.accumulateAndGet(offset + from.byteSize(), Math::max);
    } finally {
      link.written(); // part of it may be there even if it failed
    }
  }

  /** What is done with the file and has no result. */
  private interface Step {
    void run(SftpFile file) throws java.io.IOException;
  }

  private void done(String attempt, Step step) {
    var _ =
        link.perform(
            attempt,
            file -> {
              step.run(file);
              return true;
            });
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    Zeroes.write(this, offset, length);
  }

  @Override
  protected void discardAt(long offset, long length) {}

  @Override
  protected void flushNow() {
    if (!access().noFlush() && !link.flush() && !warned.getAndSet(true)) {
      System.getLogger(SshNode.class.getPackageName())
          .log(System.Logger.Level.WARNING, "ssh server {0} does not support fsync", host);
    }
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    return BlockStatus.data(length, offset);
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    preallocation.requireOff();
    if (size < end.get()) {
      throw BlockException.notSupported("ssh driver does not support shrinking files");
    }
    if (size > end.get()) {
      // One byte makes the file longer; setting its size could cut what somebody else appends.
      writeAt(size - 1, Zeroes.some(1));
    }
  }

  @Override
  protected void accessChanging(Access to) {
    if (to.writable() != access().writable()) {
      if (access().writable()) {
        flushNow();
      }
      var _ = link.open(to.writable());
    }
  }

  @Override
  protected void closeNow() {
    link.close();
  }
}
