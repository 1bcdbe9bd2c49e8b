package dev.kasuari.hw.virtio;

import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.Dma;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.machine.memory.Lease;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A request that a driver made available: bytes for the device to read, then bytes for it to write,
 * each in buffers whose borders mean nothing (2.7.4). Their total is less than 4 GiB.
 */
public final class DescriptorChain {
  /** The most bytes of one chain that may lie outside of plain RAM, where they must be copied. */
  private static final long MAX_COPIED = 128 * 1024;

  /**
   * A piece of guest memory.
   *
   * @param address guest-physical
   * @param length bytes, at least 1
   */
  record Buffer(long address, long length) {}

  private final Dma dma;
  private final int head;
  private final int epoch;
  private final List<Buffer> readable;
  private final List<Buffer> writable;
  private final long readableLength;
  private final long writableLength;

  DescriptorChain(Dma dma, int head, int epoch, List<Buffer> readable, List<Buffer> writable) {
    this.dma = dma;
    this.head = head;
    this.epoch = epoch;
    this.readable = readable;
    this.writable = writable;
    readableLength = total(readable);
    writableLength = total(writable);
  }

  private static long total(List<Buffer> buffers) {
    return buffers.stream().mapToLong(Buffer::length).sum();
  }

  /** Number of the first descriptor, by which the driver knows the chain. */
  int head() {
    return head;
  }

  /** Which set-up of the queue it belongs to. */
  int epoch() {
    return epoch;
  }

  /** Bytes that the device may read. */
  public long readableLength() {
    return readableLength;
  }

  /** Bytes that the device may write. */
  public long writableLength() {
    return writableLength;
  }

  /**
   * Reads a copy of bytes of the readable part.
   *
   * @throws DmaFault if the guest gave an address where there is no memory, or the part is shorter
   */
  public byte[] read(long offset, int length) throws DmaFault {
    var out = new ByteArrayOutputStream(length);
    for (Buffer piece : slice(readable, offset, length)) {
      out.writeBytes(dma.read(piece.address, (int) piece.length));
    }
    return out.toByteArray();
  }

  /**
   * Writes bytes into the writable part.
   *
   * @throws DmaFault if the guest gave an address where there is no memory, or the part is shorter
   */
  public void write(long offset, byte[] bytes) throws DmaFault {
    int done = 0;
    for (Buffer piece : slice(writable, offset, bytes.length)) {
      int length = (int) piece.length;
      dma.write(piece.address, Arrays.copyOfRange(bytes, done, done + length));
      done += length;
    }
  }

  /** Lends a stretch of the readable part to an operation of the host. */
  public Loan lendReadable(long offset, long length) throws DmaFault {
    return lend(slice(readable, offset, length), false);
  }

  /** Lends a stretch of the writable part to an operation of the host. */
  public Loan lendWritable(long offset, long length) throws DmaFault {
    return lend(slice(writable, offset, length), true);
  }

  private Loan lend(List<Buffer> pieces, boolean write) throws DmaFault {
    var leases = new ArrayList<Lease>(pieces.size());
    var loan = new Loan(leases);
    long copied = 0;
    try {
      for (Buffer piece : pieces) {
        Lease lease = dma.lease(piece.address, piece.length, write);
        leases.add(lease);
        copied += lease.direct() ? 0 : piece.length;
        if (copied > MAX_COPIED) {
          throw new DmaFault(piece.address, BusResult.SLAVE_ERROR);
        }
      }
      return loan;
    } catch (DmaFault e) {
      loan.discard();
      throw e;
    }
  }

  private static List<Buffer> slice(List<Buffer> buffers, long offset, long length)
      throws DmaFault {
    var out = new ArrayList<Buffer>(buffers.size());
    long skip = offset;
    long left = length;
    for (Buffer buffer : buffers) {
      if (left > 0 && skip < buffer.length) {
        long take = Math.min(left, buffer.length - skip);
        out.add(new Buffer(buffer.address + skip, take));
        left -= take;
      }
      skip = Math.max(0, skip - buffer.length);
    }
    if (left > 0) {
      throw new DmaFault(0, BusResult.DECODE_ERROR);
    }
    return out;
  }
}
