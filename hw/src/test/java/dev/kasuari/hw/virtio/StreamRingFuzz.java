package dev.kasuari.hw.virtio;

import dev.kasuari.hw.fuzz.FuzzInput;
import dev.kasuari.hw.serial.OtherEnd;
import dev.kasuari.machine.backend.CharBackend.Event;
import java.util.List;

/**
 * Fuzz target: virtio-serial with a console and a port, and virtio-net; characters and frames come
 * and go when the input says.
 */
public final class StreamRingFuzz extends RingFuzz {
  private final List<OtherEnd> lines = List.of(new OtherEnd(), new OtherEnd());
  private final TestCable cable = new TestCable();

  private StreamRingFuzz(FuzzInput in) {
    super(in);
    int choices = in.u8();
    var serial =
        VirtioSerialType.TYPE.create(new VirtioSerial.Props(1 + (choices & 3), true, true, true));
    plug(serial, (choices & 3) == 0 ? 2 : 6);
    add(serial, VirtConsole.of(lines.get(0)));
    if ((choices & 3) != 0) {
      add(serial, VirtSerialPort.of("port", lines.get(1)));
    }
    lines.forEach(line -> line.room(1 << 20));
    plug(VirtioNet.of(cable, "52:54:00:00:00:01"), 3);
  }

  private void add(VirtioSerial serial, VirtioPort<?> port) {
    bench.machine().devices().add(port, serial.portBus());
  }

  /** What Jazzer calls. */
  public static void fuzzerTestOneInput(byte[] input) {
    steps(input);
  }

  /** Does what an input says, and counts the steps. */
  public static int steps(byte[] input) {
    try (var fuzz = new StreamRingFuzz(new FuzzInput(input))) {
      return fuzz.run();
    }
  }

  /** A message to the ports' control queue, a frame's header, or a command to the card. */
  @Override
  void header(long address) {
    switch (in.choose(4)) {
      case 0 -> {
        poke(address, 4, in.choose(4) - 1);
        poke(address + 4, 2, in.choose(9));
        poke(address + 6, 2, in.choose(2));
      }
      case 1 -> {
        poke(address, 1, in.choose(4)); // flags
        poke(address + 1, 1, in.choose(8) / 7);
        poke(address + 6, 2, in.value()); // where a checksum begins
        poke(address + 8, 2, in.value());
      }
      case 2 -> {
        poke(address, 1, in.choose(4));
        poke(address + 1, 1, in.choose(7));
        poke(address + 2, 8, in.value());
      }
      default -> poke(address, 8, in.number(8));
    }
  }

  @Override
  int features() {
    return 0xff_ffff;
  }

  @Override
  int kinds() {
    return 24;
  }

  @Override
  void hostStep() {
    int choice = in.u8();
    OtherEnd line = lines.get(choice & 1);
    switch (choice >> 5) {
      case 0, 1 -> say(line, new byte[in.u8()]);
      case 2 -> line.room(in.u8());
      case 3 -> line.room(1 << 20);
      case 4 -> line.happen((choice & 2) != 0 ? Event.OPENED : Event.CLOSED);
      case 5 -> line.acceptInput();
      default -> bring(new byte[in.u8() * (1 + (choice & 15))]);
    }
  }

  /** What waits is bounded, as it is with real back ends. */
  private static void say(OtherEnd line, byte[] bytes) {
    if (line.unsaid() < 4096) {
      line.say(bytes);
    }
  }

  private void bring(byte[] frame) {
    if (cable.waiting() < 64) {
      if (frame.length > 13) {
        frame[in.choose(14)] = (byte) in.u8();
      }
      cable.bring(frame);
    }
  }

  @Override
  void seldomHostStep() {
    int choice = in.u8();
    if ((choice & 1) != 0) {
      cable.link((choice & 2) != 0);
    } else {
      lines.get(0).resize(choice, 24);
    }
    cable.sent();
  }

  @Override
  void endAll() {} // nothing here that a reset would wait for
}
