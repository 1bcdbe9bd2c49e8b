package dev.kasuari.boards;

import dev.kasuari.boot.BootException;
import dev.kasuari.boot.BootFile;
import dev.kasuari.hw.nvram.FwCfg;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/** Kernel, initial RAM disk and command line for a firmware to load. */
final class OfferedKernel {
  private OfferedKernel() {}

  /** Puts what the options name into {@code fwCfg}; nothing if they name no kernel. */
  static void offer(FwCfg fwCfg, BootOptions options) throws BootException {
    String file = options.kernel();
    if (file == null) {
      return;
    }
    byte[] code = BootFile.read("-kernel", file);
    fwCfg.set32(FwCfg.Item.KERNEL_SIZE, code.length).set(FwCfg.Item.KERNEL_DATA, code);
    String disk = options.initrd();
    if (disk != null) {
      byte[] initrd = BootFile.read("-initrd", disk);
      fwCfg.set32(FwCfg.Item.INITRD_SIZE, initrd.length).set(FwCfg.Item.INITRD_DATA, initrd);
    }
    String append = options.append();
    if (append != null) {
      byte[] line = append.getBytes(StandardCharsets.UTF_8);
      byte[] ended = Arrays.copyOf(line, line.length + 1);
      fwCfg.set32(FwCfg.Item.CMDLINE_SIZE, ended.length).set(FwCfg.Item.CMDLINE_DATA, ended);
    }
  }
}
