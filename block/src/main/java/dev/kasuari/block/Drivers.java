package dev.kasuari.block;

import dev.kasuari.block.bochs.BochsDriver;
import dev.kasuari.block.cloop.CloopDriver;
import dev.kasuari.block.curl.CurlDriver;
import dev.kasuari.block.dmg.DmgDriver;
import dev.kasuari.block.file.FileDriver;
import dev.kasuari.block.file.HostDeviceDriver;
import dev.kasuari.block.file.NullDriver;
import dev.kasuari.block.filter.BlkdebugDriver;
import dev.kasuari.block.filter.BlklogwritesDriver;
import dev.kasuari.block.filter.BlkverifyDriver;
import dev.kasuari.block.filter.CompressDriver;
import dev.kasuari.block.filter.CopyBeforeWriteDriver;
import dev.kasuari.block.filter.CopyOnReadDriver;
import dev.kasuari.block.filter.PreallocateDriver;
import dev.kasuari.block.filter.QuorumDriver;
import dev.kasuari.block.filter.SnapshotAccessDriver;
import dev.kasuari.block.filter.ThrottleDriver;
import dev.kasuari.block.luks.LuksDriver;
import dev.kasuari.block.nbd.NbdDriver;
import dev.kasuari.block.parallels.ParallelsDriver;
import dev.kasuari.block.qcow.QcowDriver;
import dev.kasuari.block.qcow2.Qcow2Driver;
import dev.kasuari.block.qed.QedDriver;
import dev.kasuari.block.raw.RawDriver;
import dev.kasuari.block.ssh.SshDriver;
import dev.kasuari.block.vdi.VdiDriver;
import dev.kasuari.block.vhdx.VhdxDriver;
import dev.kasuari.block.vmdk.VmdkDriver;
import dev.kasuari.block.vpc.VpcDriver;
import dev.kasuari.block.vvfat.VvfatDriver;
import dev.kasuari.qapi.Nearest;
import dev.kasuari.qapi.OptionException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** All kinds of nodes. A new one is a line in {@link #all}. */
public final class Drivers {
  private Drivers() {}

  /** All, in the order in which help lists them. */
  public static List<BlockDriver<?>> all() {
    return List.of(
        new FileDriver(),
        new HostDeviceDriver(),
        new NullDriver("null-co"),
        new NullDriver("null-aio"),
        new NbdDriver(),
        new VvfatDriver(),
        new CurlDriver("http"),
        new CurlDriver("https"),
        new SshDriver(),
        new RawDriver(),
        new Qcow2Driver(),
        new LuksDriver(),
        new VdiDriver(),
        new VpcDriver(),
        new VhdxDriver(),
        new VmdkDriver(),
        new ParallelsDriver(),
        new QedDriver(),
        new QcowDriver(),
        new BochsDriver(),
        new CloopDriver(),
        new DmgDriver(),
        new ThrottleDriver(),
        new BlkdebugDriver(),
        new CopyOnReadDriver(),
        new CompressDriver(),
        new CopyBeforeWriteDriver(),
        new SnapshotAccessDriver(),
        new PreallocateDriver(),
        new QuorumDriver(),
        new BlkverifyDriver(),
        new BlklogwritesDriver());
  }

  /** The driver of file names that begin so, or null. */
  static @Nullable BlockDriver<?> forProtocol(String protocol) {
    for (BlockDriver<?> driver : all()) {
      if (driver.protocols().contains(protocol)) {
        return driver;
      }
    }
    return null;
  }

  /**
   * The driver of the protocol that a file's name begins with; null for files of the host and
   * {@code json:}.
   *
   * @throws BlockException if there is no such protocol
   */
  public static @Nullable BlockDriver<?> ofProtocol(String filename) {
    if (ofHost(filename) || Filenames.isJson(filename)) {
      return null;
    }
    String protocol = Filenames.protocol(filename);
    BlockDriver<?> driver = forProtocol(protocol);
    if (driver == null) {
      throw BlockException.invalid("Unknown protocol '" + protocol + "'");
    }
    return driver;
  }

  /** True if it is a file of the host that the name means. */
  public static boolean ofHost(String filename) {
    String protocol = Filenames.protocol(filename);
    return (protocol.isEmpty() || protocol.equals("file")) && !Filenames.isJson(filename);
  }

  /** The driver of that name, or null. */
  public static @Nullable BlockDriver<?> find(String name) {
    for (BlockDriver<?> driver : all()) {
      if (driver.name().equals(name)) {
        return driver;
      }
    }
    return null;
  }

  /**
   * The driver of that name.
   *
   * @throws OptionException with the nearest name if there is none
   */
  public static BlockDriver<?> named(String where, String name) {
    BlockDriver<?> driver = find(name);
    if (driver != null) {
      return driver;
    }
    List<String> names = all().stream().<String>map(BlockDriver::name).toList();
    throw new OptionException(
        (where.isEmpty() ? "" : where + ": ")
            + "Unknown driver '"
            + name
            + "'"
            + Nearest.hint(name, names));
  }
}
