package dev.kasuari.it;

import dev.kasuari.target.riscv.cpu.RiscvModel;
import dev.kasuari.target.riscv.cpu.RiscvOption;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * QEMU, controlled through its GDB stub on standard input and output. Its memory is a file, which
 * is read much faster than the stub would send it.
 */
final class QemuPeer implements Peer {
  private static final int PATIENCE_SECONDS = 60;

  private final int xlen;
  private final String binary;
  private final String version;
  private final int major;

  /** The QEMU that {@code KASUARI_QEMU} names, or the one on the path. */
  static QemuPeer find() throws IOException {
    return find("KASUARI_QEMU", 64);
  }

  /** As {@link #find()} with {@code KASUARI_QEMU32}, for 32-bit registers. */
  static QemuPeer find32() throws IOException {
    return find("KASUARI_QEMU32", 32);
  }

  private static QemuPeer find(String variable, int xlen) throws IOException {
    String named = System.getenv(variable);
    return new QemuPeer(named == null ? "qemu-system-riscv" + xlen : named, xlen);
  }

  private QemuPeer(String binary, int xlen) throws IOException {
    this.xlen = xlen;
    this.binary = binary;
    String text = versionText(binary);
    Matcher matcher = Pattern.compile("version (\\d+)\\.(\\d+)").matcher(text);
    if (!matcher.find()) {
      throw new IOException(binary + " --version says no version: " + text);
    }
    version = matcher.group(1) + "." + matcher.group(2);
    major = Integer.parseInt(matcher.group(1));
  }

  private static String versionText(String binary) throws IOException {
    try {
      Process process = new ProcessBuilder(binary, "--version").redirectErrorStream(true).start();
      return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
    } catch (IOException e) {
      throw new IOException(
          binary + " does not run. Install Debian's qemu-system-misc, or name one in KASUARI_QEMU.",
          e);
    }
  }

  @Override
  public String name() {
    return "QEMU " + version;
  }

  /** The major version: what it implements depends on it. */
  int major() {
    return major;
  }

  /** Kasuari's {@code max}, without what this QEMU lacks. */
  RiscvModel model() {
    RiscvModel model = xlen == 32 ? RiscvModel.max32() : RiscvModel.max();
    if (major >= 9) {
      return model;
    }
    for (RiscvOption option :
        List.of(RiscvOption.ZICBOM, RiscvOption.ZICBOZ, RiscvOption.ZAWRS, RiscvOption.ZACAS)) {
      model = model.with(option, false);
    }
    return model;
  }

  /** The CPU that comes nearest to {@link #model}. */
  String cpu() {
    String wide = xlen == 32 ? "" : ",svnapot=on,svpbmt=on";
    if (major >= 9) {
      return "rv%di,m=on,a=on,f=on,d=on,c=on,s=on,u=on,zicsr=on,zifencei=on,zicntr=on,zihpm=on,"
              .formatted(xlen)
          + "zicbom=on,zicbop=on,zicboz=on,zawrs=on,zacas=on,zfh=on,zfhmin=on,"
          + "zba=on,zbb=on,zbc=on,zbs=on,sstc=on,svadu=on,svinval=on,mmu=on,pmp=on"
          + (xlen == 32 ? ",sv32=on" : ",sv39=on,sv48=on,sv57=on")
          + wide;
    }
    return "rv%d,h=off,Zfh=on,zba=on,zbb=on,zbc=on,zbs=on,sstc=on,svinval=on,pmp=on,mmu=on"
            .formatted(xlen)
        + wide;
  }

  @Override
  public List<byte[]> run(Program program) throws Exception {
    Path image = Files.createTempFile("kasuari-it", ".bin");
    Path ram = Files.createTempFile("kasuari-it", ".ram");
    try {
      Files.write(image, program.image());
      run(program, image, ram);
      return wanted(program, ram);
    } finally {
      Files.delete(image);
      Files.delete(ram);
    }
  }

  private List<String> command(Path image, Path ram) {
    String size = (Program.RAM_SIZE >> 20) + "M";
    return List.of(
        binary,
        "-M",
        "virt,memory-backend=ram",
        "-object",
        "memory-backend-file,id=ram,share=on,size=%s,mem-path=%s".formatted(size, ram),
        "-cpu",
        cpu(),
        "-m",
        size,
        "-bios",
        image.toString(),
        "-S",
        "-gdb",
        "stdio",
        "-display",
        "none",
        "-serial",
        "none",
        "-monitor",
        "none",
        "-nodefaults");
  }

  private void run(Program program, Path image, Path ram) throws Exception {
    List<String> command = command(image, ram);
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start();
    try {
      var gdb = new GdbRemote(process.getInputStream(), process.getOutputStream());
      gdb.insertBreakpoint(program.done());
      gdb.resume();
      awaitDone(gdb, program);
    } finally {
      process.destroyForcibly();
      process.waitFor();
    }
  }

  private static List<byte[]> wanted(Program program, Path ram) throws IOException {
    try (var file = new RandomAccessFile(ram.toFile(), "r")) {
      List<byte[]> memory = new ArrayList<>();
      for (Extent extent : program.wanted()) {
        byte[] bytes = new byte[extent.length()];
        file.seek(extent.address() - Program.BASE);
        file.readFully(bytes);
        memory.add(bytes);
      }
      return memory;
    }
  }

  private void awaitDone(GdbRemote gdb, Program program) throws Exception {
    var stop =
        CompletableFuture.supplyAsync(() -> {
          try {
            return gdb.awaitStop();
          } catch (IOException e) {
            return e.getMessage();
          }
        });
    try {
      stop.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      gdb.interrupt();
      stop.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }
    long pc = gdb.registers()[32];
    if (pc != program.done()) {
      gdb.physical();
      byte[] word = gdb.memory(program.progress(), 8);
      throw new StuckException("%s stopped at 0x%x".formatted(name(), pc), Bytes.getLong(word, 0));
    }
  }
}
