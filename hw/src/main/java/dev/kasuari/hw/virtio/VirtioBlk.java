package dev.kasuari.hw.virtio;

import dev.kasuari.hw.block.DiskErrors;
import dev.kasuari.hw.nvram.BootOrder;
import dev.kasuari.machine.DeviceModel;
import dev.kasuari.machine.Registers;
import dev.kasuari.machine.Wiring;
import dev.kasuari.machine.backend.BlockBackend;
import dev.kasuari.machine.backend.OnError;
import dev.kasuari.machine.memory.DmaFault;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.Options;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * A disk. Source: Virtio 1.2, 5.2 "Block Device". Requests are with the back end at the same time,
 * and end in the order in which it ends them.
 */
@DeviceModel(name = "virtio-blk-device", bus = VirtioBus.class)
public final class VirtioBlk extends VirtioDevice<VirtioBlk.Props, VirtioBlk.State>
    implements BootOrder.Candidate {
  /**
   * What can be chosen.
   *
   * @param drive the disk's bytes
   * @param serial what the guest is told, at most 20 bytes
   * @param bootindex where it is among what firmware boots from; negative for nowhere
   * @param logicalBlockSize bytes, the unit of what the guest asks for
   * @param physicalBlockSize bytes, the unit that is efficient
   * @param numQueues how many request queues there are
   * @param queueSize the most descriptors of each
   * @param minIoSize bytes, the least that is efficient; 0 for none
   * @param optIoSize bytes, the best size of a request; 0 for none
   * @param discardGranularity bytes, the unit in which is discarded; by default a block
   * @param maxDiscardSectors the most sectors of a discard, of 512 bytes
   * @param maxWriteZeroesSectors the most sectors that are zeroed at once, of 512 bytes
   * @param segMaxAdjust the driver is told of as many segments as fit in a queue, not of 126
   * @param writeCache what is written may stay in the host's cache until a flush
   * @param rerror what becomes of reads that fail
   * @param werror what becomes of writes that fail
   * @param configWce the guest may switch the write cache
   * @param discard the guest may say what it does not need any more
   * @param writeZeroes the guest may have ranges zeroed
   * @param indirectDesc offer descriptors in tables of their own
   * @param eventIdx offer to say exactly when to notify and to interrupt
   */
  public record Props(
      BlockBackend drive,
      @Nullable String serial,
      @Options.Default("-1") int bootindex,
      @Options.Name("logical_block_size")
          @Options.Default("512")
          @Options.Range(min = 512, max = 2097152)
          int logicalBlockSize,
      @Options.Name("physical_block_size")
          @Options.Default("512")
          @Options.Range(min = 512, max = 2097152)
          int physicalBlockSize,
      @Options.Default("1") @Options.Range(min = 1, max = 64) int numQueues,
      @Options.Default("256") @Options.Range(min = 4, max = 1024) int queueSize,
      @Options.Name("min_io_size") @Options.Default("0") @Options.Range(min = 0, max = 2097152)
          int minIoSize,
      @Options.Name("opt_io_size") @Options.Default("0") @Options.Range(min = 0) int optIoSize,
      @Options.Name("discard_granularity") @Options.Range(min = 512, max = 1073741824)
          @Nullable Integer discardGranularity,
      @Options.Default("4194303") @Options.Range(min = 1, max = 4194303) int maxDiscardSectors,
      @Options.Default("4194303") @Options.Range(min = 1, max = 4194303) int maxWriteZeroesSectors,
      @Options.Default("on") boolean segMaxAdjust,
      @Options.Default("on") boolean writeCache,
      @Options.Default("auto") OnError rerror,
      @Options.Default("auto") OnError werror,
      @Options.Default("on") boolean configWce,
      @Options.Default("on") boolean discard,
      @Options.Default("on") boolean writeZeroes,
      @Options.Name("indirect_desc") @Options.Default("on") boolean indirectDesc,
      @Options.Name("event_idx") @Options.Default("on") boolean eventIdx) {
    /** Those that a test chooses, with all others at their defaults. */
    Props(BlockBackend drive, @Nullable String serial, int blockSize, int queues, int queueSize) {
      this(
          drive,
          serial,
          -1,
          blockSize,
          blockSize,
          queues,
          queueSize,
          0,
          0,
          null,
          MAX_RANGE_SECTORS,
          MAX_RANGE_SECTORS,
          true,
          true,
          OnError.AUTO,
          OnError.AUTO,
          true,
          true,
          true,
          true,
          true);
    }
  }

  /** What changes. */
  public static final class State {
    final VirtioState virtio = new VirtioState();

    /** Writes may stay in the host's cache until a flush. */
    boolean writeback = true;
  }

  private static final int SECTOR = 512;
  private static final int HEADER = 16;
  private static final int ID_LENGTH = 20;

  // Feature bits, 5.2.3.
  private static final long SEG_MAX = 1L << 2;
  private static final long GEOMETRY = 1L << 4;
  private static final long RO = 1L << 5;
  private static final long BLK_SIZE = 1L << 6;
  private static final long FLUSH = 1L << 9;
  private static final long TOPOLOGY = 1L << 10;
  private static final long CONFIG_WCE = 1L << 11;
  private static final long MQ = 1L << 12;
  private static final long DISCARD = 1L << 13;
  private static final long WRITE_ZEROES = 1L << 14;

  // Request types, 5.2.6.
  private static final int T_IN = 0;
  private static final int T_OUT = 1;
  private static final int T_FLUSH = 4;
  private static final int T_GET_ID = 8;
  private static final int T_DISCARD = 11;
  private static final int T_WRITE_ZEROES = 13;

  // Request status.
  private static final int OK = 0;
  private static final int IOERR = 1;
  private static final int UNSUPP = 2;

  /** Bytes of one range of a discard or write-zeroes request, which has one. */
  private static final int RANGE = 16;

  private static final int UNMAP = 1;

  /** The most sectors of such a range: as many as a 32-bit number of bytes. */
  private static final int MAX_RANGE_SECTORS = Integer.MAX_VALUE / SECTOR;

  private BlockBackend drive;
  private DiskErrors errors;
  private Registers configuration;

  /** A disk without a back end until it is realized. */
  public VirtioBlk() {
    super(Virtio.BLOCK);
  }

  /** A disk with all properties at their defaults. */
  public static VirtioBlk of(BlockBackend drive) {
    return VirtioBlkType.TYPE.create(new Props(drive, null, 512, 1, 256));
  }

  @Override
  protected void realize(Wiring w) {
    super.realize(w);
    check(props());
    drive = props().drive();
    errors = new DiskErrors(w, bus().machine(), id(), drive, props().rerror(), props().werror());
    configuration = declare();
    for (int i = 0; i < props().numQueues(); i++) {
      addQueue("requestq " + i, props().queueSize(), this::serve);
    }
    drive.onResize(() -> later(this::configurationChanged));
  }

  private static void check(Props p) {
    String where = "-device virtio-blk-device: ";
    powerOfTwo(where + "logical_block_size", p.logicalBlockSize());
    powerOfTwo(where + "physical_block_size", p.physicalBlockSize());
    powerOfTwo(where + "queue-size", p.queueSize());
    if (p.physicalBlockSize() < p.logicalBlockSize()) {
      throw new OptionException(where + "physical_block_size is below logical_block_size");
    }
    if (granularity(p) % p.logicalBlockSize() != 0) {
      throw new OptionException(
          where + "discard_granularity=" + granularity(p) + " is no multiple of a block");
    }
    String serial = p.serial();
    if (serial != null && serial.getBytes(StandardCharsets.UTF_8).length > ID_LENGTH) {
      throw new OptionException(where + "serial=" + serial + " is longer than 20 bytes");
    }
  }

  private static void powerOfTwo(String what, int value) {
    if (Integer.bitCount(value) != 1) {
      throw new OptionException(what + "=" + value + " is not a power of two");
    }
  }

  /** 5.2.4. */
  private Registers declare() {
    Props p = props();
    int physicalExponent =
        Integer.numberOfTrailingZeros(p.physicalBlockSize() / p.logicalBlockSize());
    return Registers.width(4)
        .accepts(1, 8)
        .unaligned()
        .at(0, "capacity")
        .wide(8)
        .read(this::sectors)
        .at(8, "size_max")
        .constant(0)
        .at(12, "seg_max")
        .constant((p.segMaxAdjust() ? p.queueSize() : 128) - 2)
        .at(16, "cylinders")
        .wide(2)
        .read(() -> Math.min(16383, sectors() / (16 * 63)))
        .at(18, "heads")
        .wide(1)
        .constant(16)
        .at(19, "sectors")
        .wide(1)
        .constant(63)
        .at(20, "blk_size")
        .constant(p.logicalBlockSize())
        .at(24, "physical_block_exp")
        .wide(1)
        .constant(physicalExponent)
        .at(25, "alignment_offset")
        .wide(1)
        .constant(0)
        .at(26, "min_io_size")
        .wide(2)
        .constant(p.minIoSize() / p.logicalBlockSize())
        .at(28, "opt_io_size")
        .constant(p.optIoSize() / p.logicalBlockSize())
        .at(32, "writeback")
        .wide(1)
        .readWrite(() -> state().writeback ? 1 : 0, this::setWriteback)
        .at(34, "num_queues")
        .wide(2)
        .constant(p.numQueues())
        .at(36, "max_discard_sectors")
        .constant(p.maxDiscardSectors())
        .at(40, "max_discard_seg")
        .constant(1)
        .at(44, "discard_sector_alignment")
        .constant(granularity(p) / SECTOR)
        .at(48, "max_write_zeroes_sectors")
        .constant(p.maxWriteZeroesSectors())
        .at(52, "max_write_zeroes_seg")
        .constant(1)
        .at(56, "write_zeroes_may_unmap")
        .wide(1)
        .constant(1);
  }

  private static int granularity(Props p) {
    Integer said = p.discardGranularity();
    return said == null ? p.logicalBlockSize() : said;
  }

  private long sectors() {
    return drive.size() / SECTOR;
  }

  private void setWriteback(long value) {
    if (negotiated(CONFIG_WCE)) {
      state().writeback = (value & 1) != 0;
    } else {
      guestError("writeback written, but VIRTIO_BLK_F_CONFIG_WCE was not negotiated");
    }
  }

  @Override
  public int bootIndex() {
    return props().bootindex();
  }

  @Override
  public String bootPath() {
    return firmwarePath() + "/disk@0,0";
  }

  @Override
  protected VirtioState virtio() {
    return state().virtio;
  }

  @Override
  protected Registers configuration() {
    return configuration;
  }

  @Override
  protected void resetByDriver() {
    state().writeback = props().writeCache();
    errors.forget();
  }

  @Override
  protected void onReset(State before) {
    super.onReset(before);
    resetByDriver();
  }

  @Override
  protected void onRestore() {
    super.onRestore();
    errors.forget();
  }

  @Override
  protected long offered() {
    Props p = props();
    boolean writable = !drive.readOnly();
    return SEG_MAX
        | GEOMETRY
        | BLK_SIZE
        | FLUSH
        | TOPOLOGY
        | (writable ? 0 : RO)
        | (p.configWce() ? CONFIG_WCE : 0)
        | (p.numQueues() > 1 ? MQ : 0)
        | (p.discard() && writable ? DISCARD : 0)
        | (p.writeZeroes() && writable ? WRITE_ZEROES : 0)
        | (p.indirectDesc() ? Virtio.RING_INDIRECT_DESC : 0)
        | (p.eventIdx() ? Virtio.RING_EVENT_IDX : 0);
  }

  /** A driver that does not know of caches must not be harmed by one (5.2.6.2). */
  private boolean throughCache() {
    return !state().writeback || !(negotiated(FLUSH) || negotiated(CONFIG_WCE));
  }

  // Requests.

  private void serve(Virtqueue queue) {
    queue.drain("a request's memory", chain -> start(queue, chain));
  }

  private void start(Virtqueue queue, DescriptorChain chain) throws DmaFault {
    if (chain.readableLength() < HEADER || chain.writableLength() < 1) {
      broken("a request without header or status");
      return;
    }
    ByteBuffer header = ByteBuffer.wrap(chain.read(0, HEADER)).order(ByteOrder.LITTLE_ENDIAN);
    new Request(queue, chain, header.getInt(0), header.getLong(8)).start();
  }

  /** One request of the driver. */
  private final class Request {
    private final Virtqueue queue;
    private final DescriptorChain chain;
    private final int type;
    private final long sector;

    Request(Virtqueue queue, DescriptorChain chain, int type, long sector) {
      this.queue = queue;
      this.chain = chain;
      this.type = type;
      this.sector = sector;
    }

    void start() throws DmaFault {
      switch (type) {
        case T_IN -> read();
        case T_OUT -> write();
        case T_FLUSH -> {
          begin();
          drive.flush(status -> ended(null, status));
        }
        case T_GET_ID -> identify();
        case T_DISCARD -> range(DISCARD, 0);
        case T_WRITE_ZEROES -> range(WRITE_ZEROES, UNMAP);
        default -> end(UNSUPP);
      }
    }

    private void read() throws DmaFault {
      long length = chain.writableLength() - 1;
      if (!onDisk(sector, length)) {
        end(IOERR);
        return;
      }
      Loan loan = chain.lendWritable(0, length);
      begin();
      drive.read(sector * SECTOR, loan.segments(), status -> ended(loan, status));
    }

    private void write() throws DmaFault {
      long length = chain.readableLength() - HEADER;
      if (drive.readOnly() || !onDisk(sector, length)) {
        end(IOERR);
        return;
      }
      Loan loan = chain.lendReadable(HEADER, length);
      begin();
      drive.write(sector * SECTOR, loan.segments(), throughCache(), status -> ended(loan, status));
    }

    private boolean onDisk(long first, long length) {
      long unit = props().logicalBlockSize();
      long sectors = sectors();
      return length % unit == 0
          && first % (unit / SECTOR) == 0
          && first >= 0
          && first <= sectors
          && length / SECTOR <= sectors - first;
    }

    private void identify() throws DmaFault {
      String serial = props().serial();
      byte[] text = (serial == null ? "" : serial).getBytes(StandardCharsets.UTF_8);
      long room = Math.min(chain.writableLength() - 1, ID_LENGTH);
      chain.write(0, Arrays.copyOf(text, (int) room));
      end(OK);
    }

    /** A discard or write-zeroes request. */
    private void range(long feature, int knownFlags) throws DmaFault {
      if (!negotiated(feature) || chain.readableLength() != HEADER + RANGE) {
        end(negotiated(feature) && chain.readableLength() < HEADER + RANGE ? IOERR : UNSUPP);
        return;
      }
      ByteBuffer range = ByteBuffer.wrap(chain.read(HEADER, RANGE)).order(ByteOrder.LITTLE_ENDIAN);
      long first = range.getLong(0);
      long count = Integer.toUnsignedLong(range.getInt(8));
      int flags = range.getInt(12);
      if ((flags & ~knownFlags) != 0) {
        end(UNSUPP);
      } else if (drive.readOnly() || count > most(feature) || !onDisk(first, count * SECTOR)) {
        end(IOERR);
      } else if (feature == DISCARD) {
        begin();
        drive.discard(first * SECTOR, count * SECTOR, status -> ended(null, advisory(status)));
      } else {
        begin();
        drive.writeZeroes(
            first * SECTOR, count * SECTOR, flags == UNMAP, status -> ended(null, status));
      }
    }

    private int most(long feature) {
      return feature == DISCARD ? props().maxDiscardSectors() : props().maxWriteZeroesSectors();
    }

    /** Bytes that stay although they are not needed do no harm. */
    private static BlockBackend.Status advisory(BlockBackend.Status status) {
      return status == BlockBackend.Status.NOT_SUPPORTED ? BlockBackend.Status.OK : status;
    }

    /** On any thread. */
    private void ended(@Nullable Loan loan, BlockBackend.Status status) {
      finish(() -> {
        if (loan != null) {
          loan.close();
        }
        judge(status);
      });
    }

    private void judge(BlockBackend.Status status) {
      boolean write = type != T_IN;
      BlockBackend.ErrorAction action =
          status == BlockBackend.Status.OK
              ? BlockBackend.ErrorAction.IGNORE
              : errors.action(write, status);
      switch (action) {
        case IGNORE -> end(OK);
        case REPORT -> end(status == BlockBackend.Status.NOT_SUPPORTED ? UNSUPP : IOERR);
        case STOP -> {
          if (queue.current(chain)) {
            errors.keep(write, status, this::again);
          }
        }
      }
    }

    private void again() {
      if (!queue.current(chain)) {
        return;
      }
      try {
        start();
      } catch (DmaFault e) {
        broken("a request's memory: " + e.getMessage());
      }
    }

    /** Under the lock. */
    private void end(int status) {
      if (!queue.current(chain)) {
        return;
      }
      long last = chain.writableLength() - 1;
      try {
        chain.write(last, new byte[] {(byte) status});
        queue.push(chain, last + 1);
      } catch (DmaFault e) {
        broken("a request's status: " + e.getMessage());
      }
    }
  }
}
