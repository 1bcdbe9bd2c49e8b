package dev.kasuari.img;

import dev.kasuari.qapi.Json;
import java.io.PrintStream;
import java.time.Instant;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** What {@code info} says, for people. */
public final class HumanInfo {
  private static final long SECOND = 1_000_000_000;
  private final PrintStream out;

  /** Says it there. */
  public HumanInfo(PrintStream out) {
    this.out = out;
  }

  void image(Json.Members image) {
    Map<String, Json> facts = image.members();
    out.println("image: " + text(facts, "filename"));
    out.println("file format: " + text(facts, "format"));
    long size = number(facts, "virtual-size");
    out.println("virtual size: " + Sizing.human(size) + " (" + size + " bytes)");
    boolean known = facts.containsKey("actual-size");
    out.println(
        "disk size: " + (known ? Sizing.human(number(facts, "actual-size")) : "unavailable"));
    if (facts.containsKey("encrypted")) {
      out.println("encrypted: yes");
    }
    if (facts.containsKey("cluster-size")) {
      out.println("cluster_size: " + number(facts, "cluster-size"));
    }
    if (facts.get("dirty-flag") instanceof Json.Bool dirty && dirty.value()) {
      out.println("cleanly shut down: no");
    }
    backing(facts);
    if (facts.get("snapshots") instanceof Json.Array snapshots) {
      out.println("Snapshot list:");
      snapshotHeader();
      snapshots.items().forEach(s -> snapshot(((Json.Members) s).members()));
    }
    if (facts.get("format-specific") instanceof Json.Members specific
        && specific.members().get("data") instanceof Json.Members data) {
      specific(data);
    }
  }

  /** What only the image's format has. */
  public void specific(Json.Members data) {
    out.println("Format specific information:");
    members(data, 4);
  }

  private void backing(Map<String, Json> facts) {
    String behind = text(facts, "backing-filename");
    if (behind == null) {
      return;
    }
    String full = text(facts, "full-backing-filename");
    boolean same = behind.equals(full);
    out.println("backing file: " + behind + (same ? "" : " (actual path: " + full + ")"));
    String format = text(facts, "backing-filename-format");
    if (format != null) {
      out.println("backing file format: " + format);
    }
  }

  private void members(Json.Members members, int indent) {
    members.members().forEach((key, value) -> member(key.replace('-', ' '), value, indent));
  }

  private void member(String key, Json value, int indent) {
    String label = " ".repeat(indent) + key + ":";
    // A switch over types would make a class when the tool runs.
    if (value instanceof Json.Members inner) {
      out.println(label);
      members(inner, indent + 4);
    } else if (value instanceof Json.Array array) {
      out.println(label);
      for (int i = 0; i < array.items().size(); i++) {
        member("[" + i + "]", array.items().get(i), indent + 4);
      }
    } else {
      out.println(label + " " + (value instanceof Json.Text text ? text.value() : value));
    }
  }

  void snapshotHeader() {
    out.println(
        "%-10s%-17s%8s%20s%13s%11s"
            .formatted("ID", "TAG", "VM SIZE", "DATE", "VM CLOCK", "ICOUNT"));
  }

  void snapshot(Map<String, Json> s) {
    long clock = number(s, "vm-clock-sec");
    String time =
        "%02d:%02d:%02d.%03d"
            .formatted(
                clock / 3600,
                clock / 60 % 60,
                clock % 60,
                number(s, "vm-clock-nsec") / (SECOND / 1000));
    String icount = s.containsKey("icount") ? Long.toString(number(s, "icount")) : "";
    String date =
        DateTimeFormatter.ofPattern("uuuu-MM-dd HH:mm:ss", Locale.ROOT)
            .withZone(ZoneId.systemDefault())
            .format(Instant.ofEpochSecond(number(s, "date-sec")));
    out.println(
        "%-10s%-17s%8s%20s%13s%11s"
            .formatted(
                text(s, "id"),
                text(s, "name"),
                Sizing.human(number(s, "vm-state-size")),
                date,
                time,
                icount)
            .stripTrailing());
  }

  private static @Nullable String text(Map<String, Json> members, String key) {
    return members.get(key) instanceof Json.Text text ? text.value() : null;
  }

  private static long number(Map<String, Json> members, String key) {
    return members.get(key) instanceof Json.Num number ? number.longValue() : 0;
  }
}
