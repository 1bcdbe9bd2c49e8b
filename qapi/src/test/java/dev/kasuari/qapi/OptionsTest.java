package dev.kasuari.qapi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Collection;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Tag("fast")
class OptionsTest {
  /** How a cache works. */
  enum Cache {
    /** Nothing is cached. */
    NONE,
    WRITE_BACK,
    @Options.Name("x86_64")
    ODD
  }

  /** Something that options refer to. */
  record Backend(String id) {
    @Override
    public String toString() {
      return id;
    }
  }

  /** Part of a disk. */
  @Options
  record Extent(@Options.Size long start, @Options.Default("on") boolean used) {}

  /**
   * A disk. More text.
   *
   * @param file the file that holds the bytes
   * @param heads number of heads
   */
  @Options(implied = "file")
  record Disk(
      String file,
      @Options.Default("0x10") @Options.Range(min = 1, max = 255) int heads,
      @Options.Default("64M") @Options.Size(unit = 'M') long size,
      @Options.Default("write-back") Cache cache,
      @Options.Default("off") boolean readonly,
      @Nullable Integer bootIndex,
      @Nullable Backend drive,
      @Nullable Extent extent,
      @Options.Default("") List<String> tags,
      @Options.Default("") List<Extent> extents,
      @Nullable Double speed) {}

  private static final References BACKENDS =
      new References() {
        @Override
        public <T> @Nullable T find(Class<T> type, String id) {
          return id.equals("disk0") ? type.cast(new Backend(id)) : null;
        }

        @Override
        public Collection<String> ids(Class<?> type) {
          return List.of("disk0");
        }
      };

  private static Disk disk(String text) {
    return OptionsTestDiskCodec.CODEC.parse(OptionSource.of("-disk", text, "file"), BACKENDS);
  }

  @Test
  void keysValuesAndDefaults() {
    Disk disk = disk("a,,b=c.img,heads=010,size=1.5G,cache=none,readonly,boot-index=-3");
    assertThat(disk)
        .isEqualTo(
            new Disk(
                "a,b=c.img",
                8,
                3L << 29,
                Cache.NONE,
                true,
                -3,
                null,
                null,
                List.of(),
                List.of(),
                null));
    assertThat(disk("x").heads()).isEqualTo(16);
    assertThat(disk("x").size()).isEqualTo(64L << 20);
    assertThat(disk("x,size=7").size()).isEqualTo(7L << 20);
    assertThat(disk("x,noreadonly").readonly()).isFalse();
    assertThat(disk("x,cache=x86_64").cache()).isEqualTo(Cache.ODD);
    assertThat(disk("heads=1,file=a=b").file()).isEqualTo("a=b");
    assertThat(disk("x,speed=1.5").speed()).isEqualTo(1.5);
  }

  @Test
  void dottedKeysNestAndNumbersAreLists() {
    Disk disk =
        disk(
            "x,drive=disk0,extent.start=4K,extent.used=off,tags.0=a,tags.1=b,"
                + "extents.0.start=1,extents.1.start=2");
    assertThat(disk.extent()).isEqualTo(new Extent(4096, false));
    assertThat(disk.tags()).containsExactly("a", "b");
    assertThat(disk.extents()).containsExactly(new Extent(1, true), new Extent(2, true));
    assertThat(disk.drive()).isEqualTo(new Backend("disk0"));
  }

  @Test
  void jsonIsTheSameDeclarationAndStrict() {
    String text =
        """
        {"file": "x", "heads": 8, "size": 1024, "cache": "none", "readonly": true,
         "extent": {"start": 4096}, "tags": ["a"]}\
        """;
    Disk disk = disk(text);
    assertThat(disk.size()).isEqualTo(1024);
    assertThat(disk.extent()).isEqualTo(new Extent(4096, true));
    Json written = OptionsTestDiskCodec.CODEC.write(disk);
    assertThat(disk(written.toString())).isEqualTo(disk);
    assertThatThrownBy(() -> disk("{\"file\": \"x\", \"heads\": \"8\"}"))
        .hasMessage("-disk: 'heads' must be a whole number, not '8'");
    assertThatThrownBy(() -> disk("{\"file\": \"x\", \"readonly\": \"on\"}"))
        .hasMessage("-disk: 'readonly' must be true or false, not 'on'");
    assertThatThrownBy(() -> disk("{\"file\": \"x\", \"heads\": 1e1000000000}"))
        .hasMessageContaining("'heads' must be a whole number");
    assertThatThrownBy(() -> disk("{\"file\": }")).hasMessageStartingWith("-disk: JSON: expected");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "x,haeds=3 | unknown property 'haeds'; did you mean 'heads'?",
        "flie=x | unknown property 'flie'; did you mean 'file'?",
        "heads=3 | 'file' is missing",
        "x,heads=0 | 'heads' must be from 1 to 255, not '0'",
        "x,heads=99999999999999999999 | 'heads' must be from 1 to 255, not '99999999999999999999'",
        "x,heads=3x | 'heads' must be a whole number, not '3x'",
        "x,heads=09 | 'heads' must be a whole number, not '09'",
        "x,readonly=maybe | 'readonly' must be on or off, not 'maybe'",
        "x,cache=nnoe | 'cache': unknown value 'nnoe'; did you mean 'none'?",
        "x,cache=zzz | 'cache': unknown value 'zzz'; there are none, write-back, x86_64",
        "x,size=lots | 'size': 'lots' is not a size; write a number with K, M, G, T, P or E, such as 512M",
        "x,heads=1,heads=2 | 'heads' is given twice",
        "x,drive=disk1 | 'drive': there is no backend 'disk1'; did you mean 'disk0'?",
        "x,extent.strat=1 | unknown property 'extent.strat'; did you mean 'extent.start'?",
        "x,extent=5 | 'extent' must be options of its own: extent.…=…, not '5'",
        "x,extent.start=1,extent.a.b=1 | unknown property 'extent.a'; there are start, used",
        "x,tags.0=a,tags.2=b | 'tags.1' is missing from the list",
        "x,heads.a=1,heads=2 | 'heads' is given twice",
        "x,heads=2,heads.a=1 | 'heads.a' goes inside what has a value already",
        "x,a..b=1 | 'a..b' is not a key",
        "x,=3 | '' is not a key",
        "x,heads=1,,readonly | 'heads' must be a whole number, not '1,readonly'",
      })
  void complaintsSayWhatWhereAndWhatWouldBeRight(String text, String complaint) {
    assertThatThrownBy(() -> disk(text.strip()))
        .isInstanceOf(OptionException.class)
        .hasMessage("-disk: " + complaint.strip());
  }

  @Test
  void helpIsNotTheImpliedValue() {
    assertThat(OptionSource.of("-disk", "help", "file").helpWanted()).isTrue();
    assertThat(OptionSource.of("-disk", "x,help", "file").helpWanted()).isTrue();
    assertThat(OptionSource.of("-disk", "file=help", "file").helpWanted()).isFalse();
  }

  @Test
  void schemaAndHelpComeFromTheDeclaration() {
    Schema.Struct schema = OptionsTestDiskCodec.CODEC.schema();
    assertThat(schema.doc()).isEqualTo("A disk");
    assertThat(schema.implied()).isEqualTo("file");
    assertThat(schema.field("file"))
        .isEqualTo(
            new Schema.Field(
                "file", new Schema.Str(), "the file that holds the bytes", true, null));
    assertThat(schema.field("heads"))
        .isEqualTo(
            new Schema.Field("heads", new Schema.Int(1, 255), "number of heads", false, "0x10"));
    assertThat(schema.help())
        .containsPattern("  heads=<int 1..255> +number of heads \\(default: 0x10\\)")
        .contains("  cache=<none|write-back|x86_64> ")
        .contains("  drive=<id of a Backend>");
    assertThat(schema.fields().get(3).type())
        .isInstanceOfSatisfying(
            Schema.Choice.class,
            c ->
                assertThat(c.words())
                    .contains(new Schema.Choice.Word("none", "Nothing is cached")));
  }

  /** Where bytes are. */
  @Options(discriminator = "driver")
  sealed interface Node {
    /** A file. */
    @Options(branch = "file")
    record FileNode(String filename) implements Node {}

    /** Zeroes. */
    @Options(branch = "null-co")
    record NullNode(@Options.Size @Options.Default("1G") long size) implements Node {}
  }

  @Test
  void unionsAreToldApartByTheirDiscriminator() {
    OptionCodec<Node> codec = OptionsTestNodeCodec.CODEC;
    Node file = codec.parse(OptionSource.of("-node", "file,filename=x", "driver"));
    assertThat(file).isEqualTo(new Node.FileNode("x"));
    assertThat(codec.parse(OptionSource.of("-node", "{\"driver\":\"null-co\"}", "")))
        .isEqualTo(new Node.NullNode(1 << 30));
    assertThat(codec.write(file)).hasToString("{\"driver\": \"file\", \"filename\": \"x\"}");
    assertThatThrownBy(() -> codec.parse(OptionSource.of("-node", "flie", "driver")))
        .hasMessage("-node: 'driver': unknown value 'flie'; did you mean 'file'?");
    assertThatThrownBy(
            () -> codec.parse(OptionSource.of("-node", "file,filename=x,size=1", "driver")))
        .hasMessageContaining("unknown property 'size'");
  }

  @Test
  void commandsAreFoundAndRun() {
    var set = new CommandSet();
    set.add(
        new Command<>(
            "test-disk",
            "Does nothing",
            OptionsTestDiskCodec.CODEC,
            new Schema.Str(),
            disk -> new Json.Text(disk.file())));
    Json answer =
        set.find("test-disk").run(OptionSource.of("test-disk", "{\"file\":\"f\"}", ""), BACKENDS);
    assertThat(answer).isEqualTo(new Json.Text("f"));
    assertThatThrownBy(() -> set.find("tset-disk"))
        .hasMessage("unknown command 'tset-disk'; did you mean 'test-disk'?");
  }
}
