package dev.kasuari.hw.virtio;

import java.util.ArrayList;
import java.util.List;

/**
 * Which frames a network card hands to its driver. Source: Virtio 1.2, 5.1.6.5.1 "Packet Receive
 * Filtering" to 5.1.6.5.3 "VLAN Filtering". Part of a device's state.
 */
public final class ReceiveFilter {
  /** The most addresses that are remembered; for more the card takes all of their kind. */
  private static final int MOST = 64;

  private static final int VLANS = 4096;
  private static final int TAG = 0x8100;

  boolean promiscuous = true; // until a driver says otherwise
  boolean allMulticast;
  boolean allUnicast;
  boolean noMulticast;
  boolean noUnicast;
  boolean noBroadcast;

  /** Addresses besides the card's own. */
  final List<Long> unicast = new ArrayList<>();

  final List<Long> multicast = new ArrayList<>();

  /** There were more than are remembered. */
  boolean unicastOverflow;

  boolean multicastOverflow;

  /** A bit for each VLAN. */
  final long[] vlans = new long[VLANS / Long.SIZE];

  /** As before any driver. */
  void reset() {
    promiscuous = true;
    allMulticast = false;
    allUnicast = false;
    noMulticast = false;
    noUnicast = false;
    noBroadcast = false;
    table(List.of(), List.of());
    java.util.Arrays.fill(vlans, 0);
  }

  /** Replaces the addresses. */
  void table(List<MacAddress> newUnicast, List<MacAddress> newMulticast) {
    unicastOverflow = replace(unicast, newUnicast);
    multicastOverflow = replace(multicast, newMulticast);
  }

  private static boolean replace(List<Long> table, List<MacAddress> addresses) {
    table.clear();
    boolean overflow = addresses.size() > MOST;
    if (!overflow) {
      addresses.forEach(a -> table.add(a.bits()));
    }
    return overflow;
  }

  /** Lets frames of a VLAN through, or not. */
  void vlan(int id, boolean wanted) {
    long bit = 1L << (id % Long.SIZE);
    int word = id / Long.SIZE;
    vlans[word] = wanted ? vlans[word] | bit : vlans[word] & ~bit;
  }

  /**
   * True if the driver wants the frame.
   *
   * @param own the card's address
   * @param byVlan whether the driver says which VLANs it wants
   */
  boolean wants(byte[] frame, MacAddress own, boolean byVlan) {
    if (promiscuous) {
      return true;
    }
    if (byVlan && be16(frame, 12) == TAG && !wantsVlan(frame.length < 16 ? 0 : be16(frame, 14))) {
      return false;
    }
    MacAddress to = MacAddress.at(frame, 0);
    if (to.equals(MacAddress.BROADCAST)) {
      return !noBroadcast;
    }
    if (to.group()) {
      return !noMulticast && (allMulticast || multicastOverflow || multicast.contains(to.bits()));
    }
    return !noUnicast
        && (allUnicast || unicastOverflow || to.equals(own) || unicast.contains(to.bits()));
  }

  private boolean wantsVlan(int tag) {
    int id = tag & (VLANS - 1);
    return (vlans[id / Long.SIZE] & (1L << (id % Long.SIZE))) != 0;
  }

  private static int be16(byte[] bytes, int offset) {
    return ((bytes[offset] & 0xff) << 8) | (bytes[offset + 1] & 0xff);
  }
}
