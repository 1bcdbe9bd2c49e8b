package dev.kasuari.block.file;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockException.Kind;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.BlockStatus;
import dev.kasuari.block.Opening;
import dev.kasuari.block.Permission;
import dev.kasuari.block.Preallocation;
import dev.kasuari.block.Zeroes;
import dev.kasuari.host.Errno;
import dev.kasuari.host.HostException;
import dev.kasuari.host.HostFile;
import dev.kasuari.host.HostOs;
import java.lang.foreign.MemorySegment;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.jspecify.annotations.Nullable;

/**
 * A file or block device of the host.
 *
 * <p>It consists of sectors of 512 bytes: where the file's size is no multiple, the last sector is
 * filled up with zeroes, and the file grows when these are written (as in QEMU).
 */
final class FileNode extends BlockNode {
  private static final int SECTOR = 512;

  /** Has the locks as long as the node lives. */
  private final HostFile first;

  private volatile HostFile file;
  private final ImageLock lock;
  private final FileDriver.Locking locking;
  private final boolean regular;

  /** The way past the host's cache, or null if it is to be used. */
  private volatile @Nullable DirectAccess direct;

  /** Bytes of the file. */
  private final AtomicLong end;

  /** Changes since it was opened, and how many of them are on the medium. */
  private final AtomicLong changes = new AtomicLong();

  private final Object syncing = new Object();
  private volatile long synced;

  /** What a file system cannot do once it never can. */
  private volatile boolean canZero = true;

  private volatile boolean canPunch = true;
  private volatile boolean knowsHoles = true;

  FileNode(Opening opening, HostFile file, FileDriver.Locking locking) {
    super(opening);
    this.file = file;
    first = file;
    this.locking = locking;
    lock = new ImageLock(file);
    boolean linux = HostOs.current() == HostOs.LINUX;
    try {
      regular = !linux || file.facts().regular();
      end = new AtomicLong(file.size());
      direct = access().direct() ? DirectAccess.to(file) : null;
    } catch (HostException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public String filename() {
    return file.path();
  }

  @Override
  public long size() {
    return (end.get() + SECTOR - 1) & -SECTOR;
  }

  @Override
  public long allocatedSize() {
    return HostOs.current() == HostOs.LINUX ? file.facts().room() : end.get();
  }

  @Override
  public boolean growsAsZeroes() {
    return regular;
  }

  @Override
  protected boolean grows() {
    return regular;
  }

  @Override
  protected void permissionsChange(Set<Permission> taken, Set<Permission> shared) {
    boolean linux = HostOs.current() == HostOs.LINUX;
    if (locking == FileDriver.Locking.ON && !linux) {
      throw BlockException.notSupported("locking=on: this host has no suitable locks");
    }
    if (locking == FileDriver.Locking.OFF || access().forceShare() || !linux) {
      return;
    }
    try {
      lock.change(taken, shared);
    } catch (HostException e) {
      if (locking == FileDriver.Locking.ON) {
        throw BlockException.of(e).in("locking=on");
      }
    }
  }

  @Override
  protected void readAt(long offset, MemorySegment to) {
    try {
      DirectAccess past = direct;
      long n = past == null ? file.read(to, offset) : past.read(to, offset);
      if (n < to.byteSize()) {
        to.asSlice(n).fill((byte) 0);
      }
    } catch (HostException e) {
      throw failed(e);
    }
  }

  @Override
  protected void writeAt(long offset, MemorySegment from) {
    try {
      DirectAccess past = direct;
      if (past == null) {
        file.write(from, offset);
      } else {
        past.write(from, offset);
      }
    } catch (HostException e) {
      throw failed(e);
    } finally {
      changes.incrementAndGet();
    }
    grown(offset + from.byteSize());
  }

  private void grown(long to) {
    if (to > end.get()) {
      end.accumulateAndGet(to, Math::max);
    }
  }

  @Override
  protected void flushNow() {
    long wanted = changes.get();
    if (access().noFlush() || synced >= wanted) {
      return;
    }
    synchronized (syncing) { // who waited here may find that it was done for him
      if (synced >= wanted) {
        return;
      }
      long covered = changes.get();
      try {
        file.sync();
      } catch (HostException e) {
        throw failed(e);
      }
      synced = covered;
    }
  }

  @Override
  protected void discardAt(long offset, long length) {
    long known = Math.min(length, end.get() - offset);
    if (known > 0) {
      punched(offset, known);
    }
  }

  @Override
  protected void zeroAt(long offset, long length, boolean mayUnmap) {
    if (!zeroQuicklyAt(offset, length, mayUnmap)) {
      Zeroes.write(this, offset, length);
    }
  }

  @Override
  protected boolean zeroQuicklyAt(long offset, long length, boolean mayUnmap) {
    boolean zero = mayUnmap && punched(offset, length);
    if (!zero && !zeroed(offset, length)) {
      return false;
    }
    if (regular && offset + length > end.get()) {
      // One byte makes the file longer; setting its size could cut what somebody else appends.
      writeAt(offset + length - 1, Zeroes.some(1));
    }
    return true;
  }

  private boolean punched(long offset, long length) {
    if (!canPunch) {
      return false;
    }
    try {
      file.punchHole(offset, length);
      changes.incrementAndGet();
      return true;
    } catch (HostException e) {
      canPunch = !unknown(e);
      return false;
    } catch (UnsupportedOperationException e) {
      canPunch = false;
      return false;
    }
  }

  private boolean zeroed(long offset, long length) {
    if (!canZero) {
      return false;
    }
    try {
      file.zeroRange(offset, length);
      changes.incrementAndGet();
      return true;
    } catch (HostException e) {
      BlockException failure = failed(e);
      if (failure.kind() == Kind.NO_SPACE) {
        throw failure;
      }
      canZero = !unknown(e);
      return false;
    } catch (UnsupportedOperationException e) {
      canZero = false;
      return false;
    }
  }

  private static boolean unknown(HostException e) {
    return e.errno().notSupported() || e.errno().number() == Errno.EINVAL;
  }

  @Override
  protected BlockStatus statusAt(long offset, long length) {
    long known = end.get();
    if (offset >= known) {
      return BlockStatus.zero(length, offset);
    }
    if (!knowsHoles) {
      return BlockStatus.data(length, offset);
    }
    try {
      long data = file.nextData(offset);
      if (data < 0) {
        return BlockStatus.zero(length, offset);
      }
      if (data > offset) {
        return BlockStatus.zero(Math.min(length, data - offset), offset);
      }
      long hole = file.nextHole(offset);
      long until = hole >= known ? size() : hole;
      return BlockStatus.data(Math.min(length, Math.max(1, until - offset)), offset);
    } catch (HostException e) {
      knowsHoles = false;
      return BlockStatus.data(length, offset);
    }
  }

  @Override
  protected void truncateTo(long size, Preallocation preallocation) {
    long before = end.get();
    if (!regular) {
      if (size > before) {
        throw BlockException.notSupported("Cannot grow device files");
      }
      return;
    }
    try {
      file.truncate(size);
      end.set(size);
      changes.incrementAndGet();
      if (size > before) {
        preallocate(before, size - before, preallocation);
      }
    } catch (HostException e) {
      throw failed(e);
    }
  }

  private void preallocate(long offset, long length, Preallocation preallocation) {
    switch (preallocation) {
      case OFF -> {}
      case METADATA -> throw preallocation.unsupported();
      case FALLOC -> file.allocate(offset, length);
      case FULL -> Zeroes.write(this, offset, length);
    }
  }

  /** Opens the file once more, if it is still the one of that name. */
  @Override
  protected void accessChanging(Access to) {
    Access before = access();
    if (to.writable() == before.writable() && to.direct() == before.direct()) {
      return;
    }
    try {
      HostFile again = HostFiles.opened(first.path(), to);
      try {
        if (!again.sameAs(first)) {
          throw BlockException.invalid(
              "'" + first.path() + "' is not the file any more that was opened by this name");
        }
        direct = to.direct() ? DirectAccess.to(again) : null;
      } catch (RuntimeException | Error e) {
        again.close();
        throw e;
      }
      if (before.writable()) {
        file.sync();
      }
      closeSecond();
      file = again;
    } catch (HostException e) {
      throw HostFiles.failed(first.path(), to, e);
    }
  }

  private void closeSecond() {
    if (!file.equals(first)) {
      file.close();
    }
  }

  @Override
  protected void closeNow() {
    closeSecond();
    first.close();
  }

  private static BlockException failed(HostException e) {
    return BlockException.of(e);
  }
}
