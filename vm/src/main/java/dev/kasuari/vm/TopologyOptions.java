package dev.kasuari.vm;

import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.Options;
import org.jspecify.annotations.Nullable;

/**
 * How many CPUs a machine has and how they are grouped ({@code -smp}). What is left out follows
 * from the rest; where that leaves a choice, there is one socket with many cores.
 *
 * @param cpus CPUs that are there from the start
 * @param maxcpus CPUs that there is room for
 * @param sockets packages on the board
 * @param dies in a socket
 * @param clusters in a die
 * @param cores in a cluster
 * @param threads of a core
 */
@Options(implied = "cpus")
public record TopologyOptions(
    @Nullable Long cpus,
    @Nullable Long maxcpus,
    @Nullable Long sockets,
    @Nullable Long dies,
    @Nullable Long clusters,
    @Nullable Long cores,
    @Nullable Long threads) {

  /** More is a mistake for any board; keeps products small. */
  private static final long SENSELESS = 1 << 20;

  /**
   * How many CPUs to make.
   *
   * @param board for complaints
   * @param most that the board can have
   * @throws OptionException if the numbers contradict each other or there are too many
   */
  public static int cpus(OptionSource source, String board, int most) {
    return TopologyOptionsCodec.CODEC.parse(source).count(source.where(), board, most);
  }

  /** What {@code -smp help} prints. */
  public static String help() {
    return TopologyOptionsCodec.CODEC.schema().help();
  }

  private int count(String where, String board, int most) {
    checkPositive(where, "cpus", cpus);
    checkPositive(where, "maxcpus", maxcpus);
    checkPositive(where, "sockets", sockets);
    checkPositive(where, "cores", cores);
    checkPositive(where, "threads", threads);
    checkOne(where, board, "dies", dies);
    checkOne(where, board, "clusters", clusters);
    long room = room();
    long product = product(room);
    if (product != room) {
      throw new OptionException(where + ": " + groups(room) + " is " + product + ", not " + room);
    }
    long count = cpus == null ? room : cpus;
    if (count > room) {
      throw new OptionException(where + ": maxcpus=" + room + " has no room for cpus=" + count);
    }
    if (count > most) {
      throw new OptionException(
          where + ": machine '" + board + "' has at most " + most + " CPUs, not " + count);
    }
    if (count < room) {
      throw NotYet.of(where + ": maxcpus=" + room + " with cpus=" + count, "way to plug CPUs");
    }
    return (int) count;
  }

  /** How many CPUs there are in the end: as said, or as many as the groups make. */
  private long room() {
    if (maxcpus != null) {
      return maxcpus;
    }
    return cpus != null ? cpus : or(sockets, 1) * or(cores, 1) * or(threads, 1);
  }

  private long product(long room) {
    return sockets(room) * cores(room) * threads(room);
  }

  private long cores(long room) {
    return cores != null ? cores : Math.max(1, room / (or(sockets, 1) * or(threads, 1)));
  }

  private long sockets(long room) {
    if (sockets != null) {
      return sockets;
    }
    return cores == null ? 1 : Math.max(1, room / (cores * or(threads, 1)));
  }

  private long threads(long room) {
    if (threads != null) {
      return threads;
    }
    return cores == null || sockets == null ? 1 : Math.max(1, room / (sockets * cores));
  }

  private String groups(long room) {
    return "sockets="
        + sockets(room)
        + " times cores="
        + cores(room)
        + " times threads="
        + threads(room);
  }

  private static long or(@Nullable Long number, long standard) {
    return number == null ? standard : number;
  }

  private static void checkPositive(String where, String key, @Nullable Long number) {
    if (number != null && number < 1) {
      throw new OptionException(where + ": '" + key + "' must be at least 1, not " + number);
    }
    if (number != null && number > SENSELESS) {
      throw new OptionException(where + ": '" + key + "' cannot be as much as " + number);
    }
  }

  private static void checkOne(String where, String board, String key, @Nullable Long number) {
    if (number != null && number != 1) {
      throw new OptionException(
          where + ": machine '" + board + "' knows no " + key + "; leave '" + key + "' out");
    }
  }
}
