package dev.kasuari.block.vvfat;

import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Opening;
import dev.kasuari.qapi.OptionCodec;
import dev.kasuari.qapi.Options;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * {@code vvfat}: a folder of the host as a disk with a FAT file system. What is written stays in
 * memory and is gone when the disk is closed; the folder is never changed.
 */
public final class VvfatDriver implements BlockDriver<VvfatDriver.Vvfat> {
  private static final String PREFIX = "fat:";
  private static final int LABEL = 11;
  private static final String STANDARD_LABEL = "QEMU VVFAT";

  /**
   * Which folder, and as what.
   *
   * @param filename a name that says all: {@code fat:32:floppy:rw:FOLDER}, of which only {@code
   *     fat:FOLDER} is necessary
   * @param dir the folder
   * @param fatType how many bits an entry of the FAT has: 12, 16 or 32; 0 for what is usual
   * @param floppy a floppy disk, without partitions
   * @param label the volume's label, at most 11 bytes
   * @param rw the disk can be written
   */
  @Options
  public record Vvfat(
      @Nullable String filename,
      @Nullable String dir,
      @Options.Default("0") long fatType,
      @Options.Default("off") boolean floppy,
      @Nullable String label,
      @Options.Default("off") boolean rw) {

    /** The same with what its file name says. */
    private Vvfat resolved() {
      if (filename == null) {
        return this;
      }
      if (dir != null) {
        throw BlockException.invalid("vvfat: 'filename' and 'dir' both name a folder");
      }
      var words = new Words(filename.substring(filename.startsWith(PREFIX) ? 4 : 0), this);
      return words.all();
    }
  }

  /** What stands before the folder, in any order. */
  private static final class Words {
    private String rest;
    private final Vvfat given;

    Words(String text, Vvfat given) {
      rest = text;
      this.given = given;
    }

    private boolean take(String word) {
      boolean there = rest.startsWith(word + ":");
      rest = there ? rest.substring(word.length() + 1) : rest;
      return there;
    }

    Vvfat all() {
      long type = given.fatType;
      boolean floppy = given.floppy;
      boolean rw = given.rw;
      String before;
      do {
        before = rest;
        type = take("12") ? 12 : take("16") ? 16 : take("32") ? 32 : type;
        floppy |= take("floppy");
        rw |= take("rw");
      } while (!rest.equals(before));
      return new Vvfat(null, rest, type, floppy, given.label, rw);
    }
  }

  @Override
  public String name() {
    return "vvfat";
  }

  @Override
  public List<String> protocols() {
    return List.of("fat");
  }

  @Override
  public String doc() {
    return "a folder of the host as a disk with a FAT file system";
  }

  @Override
  public OptionCodec<Vvfat> options() {
    return VvfatDriverVvfatCodec.CODEC;
  }

  @Override
  public BlockNode open(Vvfat options, Opening opening) {
    Vvfat all = options.resolved();
    String dir = all.dir();
    if (dir == null || dir.isEmpty()) {
      throw BlockException.invalid("vvfat block driver requires a 'dir' option");
    }
    String label = all.label() == null ? STANDARD_LABEL : all.label();
    if (label.getBytes(StandardCharsets.UTF_8).length > LABEL) {
      throw BlockException.invalid("vvfat label cannot be longer than 11 bytes");
    }
    if (!all.rw()) {
      opening.readOnly();
    }
    Folder root = Folder.scan(Path.of(dir));
    return new VvfatNode(opening, dir, FatVolume.of(root, all.fatType(), all.floppy(), label));
  }
}
