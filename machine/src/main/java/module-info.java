import org.jspecify.annotations.NullMarked;

/** The vocabulary of a machine: device, bus, region, line, clock, state. */
@NullMarked
module dev.kasuari.machine {
  requires static transitive org.jspecify;
  requires transitive dev.kasuari.host;
  requires transitive dev.kasuari.qapi;

  exports dev.kasuari.machine;
  exports dev.kasuari.machine.backend;
  exports dev.kasuari.machine.cpu;
  exports dev.kasuari.machine.memory;
  exports dev.kasuari.machine.state;
  exports dev.kasuari.machine.time;

  uses dev.kasuari.machine.DeviceSet;
}
