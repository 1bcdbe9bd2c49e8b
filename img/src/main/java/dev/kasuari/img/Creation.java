package dev.kasuari.img;

import dev.kasuari.block.Access;
import dev.kasuari.block.BlockDriver;
import dev.kasuari.block.BlockException;
import dev.kasuari.block.BlockNode;
import dev.kasuari.block.Drivers;
import dev.kasuari.block.Filenames;
import dev.kasuari.block.ImageCreator;
import dev.kasuari.block.Making;
import dev.kasuari.block.object.UserObjects;
import dev.kasuari.qapi.Json;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Schema;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** An image that is to be made: its format and options. */
final class Creation {
  private static final String OLD = "encryption";
  private static final String OLD_DOC =
      "Encrypt the image with format 'aes'. (Deprecated in favor of encrypt.format=aes)";

  private final String format;
  private final UserObjects objects;
  private final Map<String, Json> options;
  private final boolean help;

  Creation(String format, List<String> texts, UserObjects objects) {
    this.format = format;
    this.objects = objects;
    GivenOptions given = GivenOptions.of(texts);
    options = given.members();
    help = given.help();
  }

  boolean helpWanted() {
    return help;
  }

  private ImageCreator<?> creator(String filename) {
    return creator(filename, filename.isEmpty() ? "" : filename + ": ");
  }

  /** Refuses a format, or a file's protocol, in which no image can be made. */
  void refuseImpossible(String filename) {
    var _ = creator(filename, "");
  }

  private ImageCreator<?> creator(String filename, String before) {
    BlockDriver<?> driver = Drivers.find(format);
    if (driver == null) {
      throw new ToolException(before + "Unknown file format '" + format + "'");
    }
    BlockDriver<?> protocol = protocol(filename, before);
    if (protocol != null && !protocol.takesImages()) {
      throw new ToolException(before + refusal(protocol));
    }
    ImageCreator<?> creator = driver.creator();
    if (creator == null) {
      throw new ToolException(
          before + "Format driver '" + format + "' does not support image creation");
    }
    return creator;
  }

  private static @Nullable BlockDriver<?> protocol(String filename, String before) {
    try {
      return Drivers.ofProtocol(filename);
    } catch (BlockException e) {
      throw new ToolException(before + e.getMessage());
    }
  }

  private static String refusal(BlockDriver<?> protocol) {
    return "Protocol driver '" + protocol.name() + "' does not support image creation";
  }

  String help() {
    return "Supported "
        + format
        + " options:\n"
        + lines(creator("").options().schema(), true)
        + "\nThe protocol level may support further options.\n"
        + "Specify the target filename to include those options.\n";
  }

  /**
   * A line for each option, by name.
   *
   * @param sized whether there is a size, too, as of all images that are made
   */
  static String lines(Schema.Struct options, boolean sized) {
    var lines = new TreeMap<String, String>();
    if (sized) {
      lines.put("size", helpLine("size", "size", "Virtual disk size"));
    }
    fields(lines, "", options);
    if (old(options)) {
      lines.put(OLD, helpLine(OLD, "bool (on/off)", OLD_DOC));
    }
    return String.join("", lines.values());
  }

  /**
   * The option of that name, dotted if it is within another; null if there is none.
   *
   * @param name as {@code encrypt.format}
   */
  static @Nullable Schema option(Schema.Struct options, String name) {
    int dot = name.indexOf('.');
    Schema.Field field = options.field(dot < 0 ? name : name.substring(0, dot));
    if (dot < 0 || field == null) {
      return field == null ? null : field.type();
    }
    return field.type() instanceof Schema.Struct inner
        ? option(inner, name.substring(dot + 1))
        : null;
  }

  /** True if images of a format could be made with such options: names and values are possible. */
  static boolean takes(String format, Map<String, Json> flat) {
    BlockDriver<?> driver = Drivers.find(format);
    ImageCreator<?> creator = driver == null ? null : driver.creator();
    return creator != null
        && flat.entrySet().stream()
            .allMatch(e -> takes(creator.options().schema(), e.getKey(), e.getValue()));
  }

  private static boolean takes(Schema.Struct options, String name, Json value) {
    Schema type =
        switch (name) {
          case "size" -> new Schema.Bytes('B');
          case OLD -> old(options) ? new Schema.Bool() : null;
          default -> option(options, name);
        };
    String text = value instanceof Json.Text given ? given.value() : value.toString();
    return switch (type) {
      case null -> false;
      case Schema.Bool bool -> text.matches("on|off|yes|no|true|false|y|n");
      case Schema.Int number -> text.matches("[0-9]+");
      case Schema.Bytes bytes -> text.matches("(?i)[0-9]+(\\.[0-9]+)?[bkmgtpe]?");
      default -> true;
    };
  }

  private static boolean old(Schema.Struct options) {
    Schema.Field encrypt = options.field("encrypt");
    if (encrypt == null || !(encrypt.type() instanceof Schema.Struct inner)) {
      return false;
    }
    Schema.Field kinds = inner.field("format");
    return kinds != null
        && kinds.type() instanceof Schema.Choice choice
        && choice.words().stream().anyMatch(w -> w.name().equals("aes"));
  }

  /** Says in the newer words what the older option means. */
  private void translateOld() {
    Json given = options.get(OLD);
    if (given == null || !old(creator("").options().schema())) {
      return;
    }
    options.remove(OLD);
    if (given instanceof Json.Text text && text.value().equals("on")) {
      var inner = new LinkedHashMap<String, Json>();
      if (options.get("encrypt") instanceof Json.Members members) {
        inner.putAll(members.members());
      }
      inner.putIfAbsent("format", new Json.Text("aes"));
      options.put("encrypt", new Json.Members(inner));
    }
  }

  /** Options within options by dotted names. */
  private static void fields(Map<String, String> lines, String prefix, Schema.Struct options) {
    for (Schema.Field field : options.fields()) {
      String name = prefix + field.name();
      if (field.type() instanceof Schema.Struct inner) {
        fields(lines, name + ".", inner);
      } else {
        lines.put(name, helpLine(name, label(field.type()), field.doc()));
      }
    }
  }

  private static String helpLine(String name, String type, String doc) {
    return "  %-22s - %s\n".formatted(name + "=<" + type + ">", doc);
  }

  private static String label(Schema type) {
    return switch (type) {
      case Schema.Bool bool -> "bool (on/off)";
      case Schema.Bytes bytes -> "size";
      case Schema.Int number -> "num";
      default -> "str";
    };
  }

  /** The file behind it, if it is given apart from the options. */
  void backing(@Nullable String file, @Nullable String fileFormat) {
    if (file != null) {
      options.put("backing_file", new Json.Text(file));
    }
    if (fileFormat != null) {
      options.put("backing_fmt", new Json.Text(fileFormat));
    }
  }

  /**
   * Refuses a file behind it where the format has none.
   *
   * @param before what the complaint begins with
   */
  void refuseBacking(String before) {
    Schema.Struct known = creator("").options().schema();
    if (options.containsKey("backing_file") && known.field("backing_file") == null) {
      throw new ToolException(
          before + "Backing file not supported for file format '" + format + "'");
    }
    if (options.containsKey("backing_fmt") && known.field("backing_fmt") == null) {
      throw new ToolException(
          before + "Backing file format not supported for file format '" + format + "'");
    }
  }

  private @Nullable String text(String key) {
    return options.get(key) instanceof Json.Text text ? text.value() : null;
  }

  /** True if it has a file behind it. */
  boolean hasBacking() {
    return text("backing_file") != null;
  }

  /** The unit in which the image will have room for data, bytes. */
  long unit() {
    return unit(creator(""));
  }

  private <O> long unit(ImageCreator<O> creator) {
    return creator.measureUnit(parsed(creator, ""));
  }

  /** Bytes that the bitmaps of a node will take; −1 for those of which there can be none. */
  long measureBitmaps(BlockNode source) {
    return measureBitmaps(creator(""), source);
  }

  private <O> long measureBitmaps(ImageCreator<O> creator, BlockNode source) {
    return creator.measureBitmaps(source, parsed(creator, ""));
  }

  ImageCreator.Measure measure(long size, long data) {
    ImageCreator.Measure measure = measure(creator(""), size, data);
    if (measure == null) {
      throw new ToolException("Block driver '" + format + "' does not support size measurement");
    }
    return measure;
  }

  private <O> ImageCreator.@Nullable Measure measure(
      ImageCreator<O> creator, long size, long data) {
    return creator.measure(size, data, parsed(creator, ""));
  }

  /**
   * Makes it.
   *
   * @param size bytes, or −1 for that of the file behind it
   * @param unchecked whether the file behind it is not looked at
   * @param out where it is said what is made, or null
   */
  void create(String filename, long size, boolean unchecked, @Nullable PrintStream out) {
    create(creator(filename), filename, size, unchecked, out);
  }

  private <O> void create(
      ImageCreator<O> creator,
      String filename,
      long size,
      boolean unchecked,
      @Nullable PrintStream out) {
    if (options.get("size") instanceof Json.Text given) {
      options.remove("size");
      create(creator, filename, Arguments.size(given.value()), unchecked, out);
      return;
    }
    refuseBacking(filename + ": ");
    refuseFormatOfBacking(filename, unchecked);
    long bytes = size;
    if (hasBacking() && (!unchecked || size < 0)) {
      long behind = ofBacking(filename, BlockNode::size);
      bytes = size < 0 ? behind : size;
    }
    if (bytes < 0) {
      throw new ToolException(filename + ": Image creation needs a size parameter");
    }
    O parsed = parsed(creator, filename);
    if (out != null) {
      out.println(described(creator, filename, bytes, parsed));
      out.flush();
    }
    write(creator, filename, (bytes + 511) & -512, parsed);
  }

  private <O> O parsed(ImageCreator<O> creator, String filename) {
    translateOld();
    String where = filename.isEmpty() ? "" : filename;
    for (String key : options.keySet()) {
      if (creator.options().schema().field(key) == null) {
        throw new ToolException(filename + ": Invalid parameter '" + key + "'");
      }
    }
    var source = new OptionSource(where, new Json.Members(options), false, java.util.Set.of());
    return creator.options().parse(source);
  }

  private String behind(String filename) {
    String file = text("backing_file");
    return Filenames.relativeTo(filename, file == null ? "" : file);
  }

  private void refuseFormatOfBacking(String filename, boolean unchecked) {
    String fileFormat = text("backing_fmt");
    if (fileFormat != null && Drivers.find(fileFormat) == null) {
      throw new ToolException(filename + ": Unknown backing file format '" + fileFormat + "'");
    }
    if (hasBacking() && fileFormat == null) {
      throw new ToolException(
          filename
              + ": Backing file specified without backing format"
              + (unchecked
                  ? ""
                  : "\nDetected format of " + ofBacking(filename, BlockNode::driver) + "."));
    }
  }

  private <T> T ofBacking(String filename, Function<BlockNode, T> fact) {
    String name = behind(filename);
    try (Session session = new Session(objects)) {
      return fact.apply(session.open(name, text("backing_fmt"), false, Access.read(), ""));
    } catch (BlockException | ToolException e) {
      throw new ToolException(
          filename
              + ": "
              + e.getMessage()
              + System.lineSeparator()
              + "Could not open backing image.");
    }
  }

  private <O> String described(ImageCreator<O> creator, String filename, long size, O parsed) {
    var line = new StringBuilder("Formatting '" + filename + "', fmt=" + format);
    Map<String, Json> written = creator.options().write(parsed).members();
    boolean sized = !format.equals("qcow2");
    if (sized) {
      line.append(" size=").append(size);
    }
    for (Map.Entry<String, Json> option : GivenOptions.flat(written).entrySet()) {
      String key = option.getKey();
      boolean unset = key.equals("preallocation") && !options.containsKey(key);
      boolean implied = key.equals("compat") && !options.containsKey(key);
      // As QEMU has it: the size stands before the options of whole images.
      if (!sized && SIZE_BEFORE.contains(key)) {
        line.append(" size=").append(size);
        sized = true;
      }
      if (!unset && !implied) {
        line.append(' ').append(key).append('=').append(shown(option.getValue()));
      }
    }
    return (sized ? line : line.append(" size=").append(size)).toString();
  }

  private static final List<String> SIZE_BEFORE =
      List.of(
          "key-secret",
          "compat",
          "backing_file",
          "backing_fmt",
          "data_file",
          "data_file_raw",
          "lazy_refcounts",
          "refcount_bits");

  private static String shown(Json value) {
    return switch (value) {
      case Json.Text text -> text.value();
      case Json.Bool bool -> bool.value() ? "on" : "off";
      default -> value.toString();
    };
  }

  private <O> void write(ImageCreator<O> creator, String filename, long size, O options) {
    Access access = Access.write().withCache(true, false);
    try {
      BlockDriver<?> protocol = Drivers.ofProtocol(filename);
      if (Drivers.ofHost(filename)) {
        touch(Path.of(filename.startsWith("file:") ? filename.substring(5) : filename));
      }
      String attempt =
          protocol == null || protocol.createFile(filename)
              ? "Could not open '" + filename + "'"
              : refusal(protocol) + ", and opening the image failed";
      try (Session session = new Session(objects)) {
        BlockNode file = session.open(filename, "file", false, access, attempt);
        file.truncate(0, dev.kasuari.block.Preallocation.OFF);
        creator.create(new Making(session.graph(), filename), file, size, options);
      }
    } catch (IOException e) {
      String why =
          switch (e) {
            case NoSuchFileException missing -> "No such file or directory";
            case FileSystemException other when other.getReason() != null -> other.getReason();
            default -> String.valueOf(e.getMessage());
          };
      throw new ToolException(filename + ": Could not create '" + filename + "': " + why);
    } catch (BlockException | OptionException e) {
      throw new ToolException(filename + ": " + e.getMessage());
    }
  }

  private static void touch(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      throw new FileSystemException(path.toString(), null, "Is a directory");
    }
    if (!Files.exists(path)) {
      Files.createFile(path);
    }
  }
}
