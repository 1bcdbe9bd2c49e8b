package dev.kasuari.demo;

import java.util.function.Function;
import java.util.stream.Stream;

/**
 * The demo guest: a miniature kernel for RV64IMAC in S-mode, put together in memory by {@link
 * dev.kasuari.target.riscv.asm.Assembler}.
 *
 * <p>It wants an SBI below it, a devicetree, 16 MiB of memory or more, one to eight harts; it uses
 * a 16550, a PLIC and a virtio block device if it finds them. The boot argument {@code
 * run=cpus;mem;poweroff} makes it run commands without being asked; {@code quiet} drops the banner.
 */
public final class DemoKernel {
  private DemoKernel() {}

  /** Bytes from the start of memory to where the image is to be loaded. */
  public static final long TEXT_OFFSET = Boot.TEXT_OFFSET;

  /**
   * The kernel, as a RISC-V {@code Image} with the header that loaders of Linux know; always the
   * same bytes.
   */
  public static byte[] image() {
    return program().link();
  }

  static Program program() {
    var program = new Program();
    Stream.<Function<Program, Part>>of(
            Boot::new, // its header comes first
            PageTables::new,
            Stacks::new,
            Traps::new,
            TrapReport::new,
            AddressMap::new,
            Panic::new,
            Spinlock::new,
            Sbi::new,
            Devicetree::new,
            Hardware::new,
            MemoryMap::new,
            PageAllocator::new,
            Harts::new,
            Timer::new,
            Plic::new,
            Uart::new,
            Console::new,
            Printf::new,
            Strings::new,
            Shell::new,
            LineEditor::new,
            CpusCommand::new,
            MemCommand::new,
            DevicesCommand::new,
            DiskCommand::new,
            FaultCommand::new,
            VirtioMmio::new,
            VirtioBlk::new)
        .forEach(part -> part.apply(program).define());
    return program;
  }
}
