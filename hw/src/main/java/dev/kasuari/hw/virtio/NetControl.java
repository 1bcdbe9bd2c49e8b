package dev.kasuari.hw.virtio;

import dev.kasuari.machine.memory.DmaFault;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The commands of a {@link VirtioNet}'s driver. Source: Virtio 1.2, 5.1.6.5 "Control Virtqueue".
 */
final class NetControl {
  /** What the commands about receiving are for; each is a feature of its own. */
  enum Kind {
    MODE,
    MODE_EXTRA,
    VLAN
  }

  private static final int CLASS_RX = 0;
  private static final int CLASS_MAC = 1;
  private static final int CLASS_VLAN = 2;

  private static final int OK = 0;
  private static final int ERROR = 1;

  /** Class and command. */
  private static final int HEADER = 2;

  /** The most bytes that a command may have: tables of some thousand addresses. */
  private static final int MOST = 64 * 1024;

  private final VirtioNet card;

  NetControl(VirtioNet card) {
    this.card = card;
  }

  void serve(Virtqueue queue) {
    queue.drain("a command", chain -> serve(queue, chain));
  }

  private void serve(Virtqueue queue, DescriptorChain chain) throws DmaFault {
    if (chain.readableLength() < HEADER || chain.writableLength() < 1) {
      card.broken("a command without header or answer");
      return;
    }
    byte[] command = chain.read(0, (int) Math.min(chain.readableLength(), MOST));
    boolean done = chain.readableLength() <= MOST && perform(command);
    chain.write(0, new byte[] {(byte) (done ? OK : ERROR)});
    queue.push(chain, 1);
  }

  /** False if it cannot be done. */
  private boolean perform(byte[] command) {
    return switch (command[0]) {
      case CLASS_RX -> mode(command);
      case CLASS_MAC -> address(command);
      case CLASS_VLAN -> vlan(command);
      default -> false;
    };
  }

  private boolean mode(byte[] command) {
    int which = command[1];
    ReceiveFilter filter = card.filter(which < 2 ? Kind.MODE : Kind.MODE_EXTRA);
    if (filter == null || command.length < HEADER + 1) {
      return false;
    }
    boolean on = command[HEADER] != 0;
    switch (which) {
      case 0 -> filter.promiscuous = on;
      case 1 -> filter.allMulticast = on;
      case 2 -> filter.allUnicast = on;
      case 3 -> filter.noMulticast = on;
      case 4 -> filter.noUnicast = on;
      case 5 -> filter.noBroadcast = on;
      default -> {
        return false;
      }
    }
    return true;
  }

  private boolean address(byte[] command) {
    if (command[1] == 1) {
      return command.length >= HEADER + MacAddress.LENGTH
          && card.setMac(MacAddress.at(command, HEADER));
    }
    ReceiveFilter filter = card.filter(Kind.MODE);
    if (command[1] != 0 || filter == null) {
      return false;
    }
    List<MacAddress> unicast = table(command, HEADER);
    if (unicast == null) {
      return false;
    }
    List<MacAddress> multicast =
        table(command, HEADER + Integer.BYTES + unicast.size() * MacAddress.LENGTH);
    if (multicast == null) {
      return false;
    }
    filter.table(unicast, multicast);
    return true;
  }

  /** The addresses of a table, their number first; null if the command ends before. */
  private static @Nullable List<MacAddress> table(byte[] command, int offset) {
    if (offset + Integer.BYTES > command.length) {
      return null;
    }
    long count = 0;
    for (int i = Integer.BYTES - 1; i >= 0; i--) {
      count = (count << 8) | (command[offset + i] & 0xff);
    }
    int first = offset + Integer.BYTES;
    if (count > (command.length - first) / MacAddress.LENGTH) {
      return null;
    }
    var table = new ArrayList<MacAddress>((int) count);
    for (int i = 0; i < count; i++) {
      table.add(MacAddress.at(command, first + i * MacAddress.LENGTH));
    }
    return table;
  }

  private boolean vlan(byte[] command) {
    ReceiveFilter filter = card.filter(Kind.VLAN);
    if (filter == null || command.length < HEADER + 2 || command[1] < 0 || command[1] > 1) {
      return false;
    }
    int id = (command[HEADER] & 0xff) | ((command[HEADER + 1] & 0xff) << 8);
    if (id >= 4096) {
      return false;
    }
    filter.vlan(id, command[1] == 0);
    return true;
  }
}
