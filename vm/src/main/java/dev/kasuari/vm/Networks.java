package dev.kasuari.vm;

import dev.kasuari.machine.Machine;
import dev.kasuari.machine.backend.NetBackend;
import dev.kasuari.qapi.OptionSource;
import java.util.ArrayList;
import java.util.List;

/** Opens what {@code -netdev} and {@code -nic} name, and plugs the cards of the latter. */
final class Networks {
  private final Machine machine;
  private final BackEnds backEnds;
  private final List<Nic> cards = new ArrayList<>();

  Networks(Machine machine, BackEnds backEnds) {
    this.machine = machine;
    this.backEnds = backEnds;
  }

  /** One of {@code -netdev}; the machine closes it. */
  void add(OptionSource source) {
    backEnds.add(own(Netdevs.parse(source).open()));
  }

  /** One of {@code -nic}. */
  void addCard(OptionSource source) {
    int number = cards.size();
    while (backEnds.hasNetdev("nic" + number)) {
      number++;
    }
    Nic card = Nic.parse(source, number);
    if (card != null) {
      backEnds.add(own(card.netdev().open()));
      cards.add(card);
    }
  }

  private NetBackend own(NetBackend backend) {
    return machine.own(backend);
  }

  /** Makes the devices, each on the next free bus. */
  void plug(Plugging plugging) {
    cards.forEach(card -> plugging.plug(card.device()));
  }
}
