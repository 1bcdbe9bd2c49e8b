package dev.kasuari.hw.virtio;

import dev.kasuari.hw.fuzz.FuzzInput;
import dev.kasuari.machine.backend.BlockBackend;

/** Fuzz target: virtio-blk and virtio-rng; the host ends requests when and how the input says. */
public final class DiskRingFuzz extends RingFuzz {
  private static final int QUEUE_SIZE = 8;

  private final FuzzDisk disk;

  private DiskRingFuzz(FuzzInput in) {
    super(in);
    int choices = in.u8();
    disk = new FuzzDisk(64, (choices & 1) != 0);
    plug(
        VirtioBlkType.TYPE.create(
            new VirtioBlk.Props(
                disk, null, (choices & 2) != 0 ? 4096 : 512, 1 + (choices >> 6), QUEUE_SIZE)),
        1);
    long most = (choices & 4) != 0 ? 100 : Long.MAX_VALUE;
    plug(VirtioRngType.TYPE.create(new VirtioRng.Props(most, 1, true, true)), 1);
  }

  /** What Jazzer calls. */
  public static void fuzzerTestOneInput(byte[] input) {
    steps(input);
  }

  /** Does what an input says, and counts the steps. */
  public static int steps(byte[] input) {
    try (var fuzz = new DiskRingFuzz(new FuzzInput(input))) {
      return fuzz.run();
    }
  }

  /** A request's header, or the range of a discard. */
  @Override
  void header(long address) {
    int type = in.u8();
    poke(address, 4, type < 240 ? type & 15 : in.number(4));
    poke(address + 8, 8, in.value());
  }

  @Override
  int features() {
    return 0x7fff;
  }

  @Override
  int kinds() {
    return 16;
  }

  @Override
  void hostStep() {
    BlockBackend.Status[] all = BlockBackend.Status.values();
    int choice = in.u8();
    if (disk.held() > 0) {
      disk.end(choice % disk.held(), choice < 128 ? all[0] : all[choice % all.length]);
    }
  }

  @Override
  void seldomHostStep() {
    disk.resize(in.choose(65));
  }

  @Override
  void endAll() {
    disk.endAll();
  }
}
