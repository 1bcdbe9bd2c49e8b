package dev.kasuari.hw.virtio;

import dev.kasuari.hw.scsi.Borrowed;
import dev.kasuari.hw.scsi.Cdb;
import dev.kasuari.hw.scsi.ScsiAddress;
import dev.kasuari.hw.scsi.ScsiDevice;
import dev.kasuari.hw.scsi.ScsiTarget;
import dev.kasuari.hw.scsi.ScsiTask;
import dev.kasuari.machine.memory.DmaFault;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/** A command in a request queue of a {@link VirtioScsi} (Virtio 1.2, 5.6.6.1). */
final class ScsiCommand extends ScsiTask {
  /** Bytes before the descriptor block. */
  static final int HEADER = 19;

  /** Bytes before the sense data. */
  static final int ANSWER = 12;

  // Responses.
  static final int OK = 0;
  static final int OVERRUN = 1;
  static final int ABORTED = 2;
  static final int BAD_TARGET = 3;
  static final int RESET = 4;
  static final int FAILURE = 9;

  /** The first bytes of a LUN that stands for all units of the adapter. */
  private static final int WELL_KNOWN = 0xc101;

  private static final int REPORT_LUNS = 0xa0;

  private final VirtioScsi adapter;
  private final Virtqueue queue;
  private final DescriptorChain chain;
  private final byte[] lun;
  private final long id;
  private final int taken;
  private final int given;
  private final int senseSize;

  ScsiCommand(
      VirtioScsi adapter, Virtqueue queue, DescriptorChain chain, byte[] header, int senseSize) {
    super(new Cdb(Arrays.copyOfRange(header, HEADER, header.length)));
    this.adapter = adapter;
    this.queue = queue;
    this.chain = chain;
    this.senseSize = senseSize;
    lun = Arrays.copyOf(header, 8);
    id = ByteBuffer.wrap(header).order(ByteOrder.LITTLE_ENDIAN).getLong(8);
    taken = header.length;
    given = ANSWER + senseSize;
  }

  /** By which the driver knows it. */
  long id() {
    return id;
  }

  /** True if a LUN's eight bytes name its unit. */
  boolean isFor(byte[] other) {
    return Arrays.equals(lun, other);
  }

  boolean isFor(ScsiAddress address) {
    return target(lun) == address.target() && number(lun) == address.lun();
  }

  /** The target that the eight bytes of a LUN name, or -1. */
  static int target(byte[] lun) {
    return lun[0] == 1 ? lun[1] & 0xff : -1;
  }

  /** The number of the unit in its target that they name. */
  static int number(byte[] lun) {
    return ((lun[2] & 0x3f) << 8) | (lun[3] & 0xff);
  }

  /** Gives it to its unit. */
  void start() {
    if (inLength() > 0 && outLength() > 0) {
      cancel(Service.REFUSED, () -> {});
    } else if (((lun[0] & 0xff) << 8 | (lun[1] & 0xff)) == WELL_KNOWN) {
      reportAll();
    } else {
      List<ScsiDevice<?>> units = adapter.scsiBus().target(0, target(lun));
      if (units.isEmpty()) {
        cancel(Service.GONE, () -> {});
      } else {
        ScsiTarget.execute(this, units, number(lun));
      }
    }
  }

  /** Each unit is named as in a command. */
  private void reportAll() {
    if (cdb().opcode() != REPORT_LUNS) {
      cancel(Service.GONE, () -> {});
      return;
    }
    ScsiTarget.reportAll(
        this,
        adapter.scsiBus().units().stream()
            .mapToLong(u ->
                1L << 56 | (long) u.address().target() << 48 | (long) u.address().level() << 32));
  }

  // What units use.

  @Override
  protected long inLength() {
    return chain.writableLength() - given;
  }

  @Override
  protected long outLength() {
    return chain.readableLength() - taken;
  }

  @Override
  protected byte[] take(long offset, int length) throws DmaFault {
    return chain.read(offset + taken, length);
  }

  @Override
  protected void give(byte[] bytes) throws DmaFault {
    chain.write(given, bytes);
  }

  @Override
  protected Borrowed lendIn(long length) throws DmaFault {
    return chain.lendWritable(given, length);
  }

  @Override
  protected Borrowed lendOut(long length) throws DmaFault {
    return chain.lendReadable(taken, length);
  }

  @Override
  protected void hostBegins() {
    adapter.hostBegins();
  }

  @Override
  protected void hostEnded(Runnable completion) {
    adapter.hostEnded(completion);
  }

  @Override
  protected void faulted(DmaFault fault) {
    adapter.driverBroke("a command's memory: " + fault.getMessage());
  }

  @Override
  protected void deliver(Service service, int status, byte[] sense, long transferred) {
    adapter.ended(this);
    if (!queue.current(chain)) {
      return;
    }
    boolean done = service == Service.COMPLETE;
    long all = inLength() + outLength();
    ByteBuffer out = ByteBuffer.allocate(ANSWER + senseSize).order(ByteOrder.LITTLE_ENDIAN);
    int length = Math.min(sense.length, senseSize);
    out.putInt(length).putInt((int) (all - transferred)).putShort((short) 0);
    out.put((byte) status).put((byte) response(service)).put(sense, 0, length);
    try {
      chain.write(0, out.array());
      queue.push(chain, given + (done && inLength() > 0 ? transferred : 0));
    } catch (DmaFault e) {
      faulted(e);
    }
  }

  private static int response(Service service) {
    return switch (service) {
      case COMPLETE -> OK;
      case OVERRUN -> OVERRUN;
      case ABORTED -> ABORTED;
      case RESET -> RESET;
      case GONE -> BAD_TARGET;
      case REFUSED -> FAILURE;
    };
  }
}
