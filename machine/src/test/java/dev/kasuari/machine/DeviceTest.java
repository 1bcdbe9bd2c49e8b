package dev.kasuari.machine;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.MemoryRegion;
import dev.kasuari.machine.memory.MemoryTree;
import dev.kasuari.machine.state.StateException;
import dev.kasuari.qapi.OptionException;
import dev.kasuari.qapi.OptionSource;
import dev.kasuari.qapi.References;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("fast")
class DeviceTest {
  private static final long BASE = 0x1000_0000;

  private final TestMachine test = new TestMachine();
  private final Machine machine = test.machine;
  private final BusAccess access = new BusAccess().from(5, false, true);
  private final IrqLine input = new IrqLine("intc[3]");
  private final Echo echo =
      machine.map(BASE, EchoType.TYPE.create(new Echo.Props(2, null))).irq("irq", input).device();

  @AfterEach
  void close() {
    test.close();
  }

  private long read(long offset, int size) {
    assertThat(machine.memory().access(access.asRead(BASE + offset, size))).isEqualTo(BusResult.OK);
    return access.value();
  }

  private void write(long offset, int size, long value) {
    assertThat(machine.memory().access(access.asWrite(BASE + offset, size, value)))
        .isEqualTo(BusResult.OK);
  }

  @Test
  void registersOfAnyWidthAndPart() {
    assertThat(read(0, 4)).isEqualTo(7);
    write(0, 4, 0x1122_3344);
    assertThat(read(0, 4)).isEqualTo(0x2244_6688);
    assertThat(read(2, 1)).isEqualTo(0x44);
    assertThat(read(2, 2)).isEqualTo(0x2244);
    write(1, 1, 0x01); // 0x22440188, doubled
    assertThat(read(0, 4)).isEqualTo(0x4488_0310);
    write(0x10, 8, 0x1_0000_0002L);
    assertThat(read(0x14, 4)).isEqualTo(1);
    write(0x14, 4, 5);
    assertThat(read(0x10, 8)).isEqualTo(0x5_0000_0002L);
    assertThat(read(0x24, 4)).isEqualTo(5);
  }

  @Test
  void interleavedArraysOfRegisters() {
    assertThat(read(0x1010, 4)).isEqualTo(0xa2);
    write(0x100c, 4, 99);
    assertThat(read(0x1008, 8)).isEqualTo(0x63_0000_00a1L);
    assertThat(read(0x1020, 4)).isZero();
    assertThat(test.lines).contains("echo.read of 4 bytes at 0x1020: no register");
  }

  @Test
  void tracesNameTheRegister() {
    write(0, 4, 1);
    assertThat(read(0x1018, 4)).isEqualTo(0xa3);
    assertThat(test.lines).containsExactly("echo.VALUE <- 0x1", "echo.A[3] -> 0xa3");
  }

  @Test
  void readsOfWriteOnlyAndWritesOfReadOnlyAreGuestErrors() {
    assertThat(read(0x08, 4)).isZero();
    write(0x04, 4, 1);
    assertThat(test.lines)
        .containsExactly("echo.read of write-only ENABLE", "echo.write of read-only STATUS");
  }

  @Test
  void peekHasNoSideEffects() {
    write(0x10, 8, 10);
    test.clock.advance(10);
    assertThat(machine.memory().peek(BASE + 4, 4)).isEqualTo(1);
    assertThat(machine.memory().peek(BASE + 4, 4)).isEqualTo(1);
    assertThat(read(4, 4)).isEqualTo(1);
    assertThat(machine.memory().peek(BASE + 4, 4)).isZero();
  }

  @Test
  void outputsFollowAccessesTimersInputsAndPosts() throws InterruptedException {
    write(0x08, 4, 1);
    write(0x10, 8, 1000);
    test.clock.advance(999);
    assertThat(input.level()).isFalse();
    test.clock.advance(1);
    assertThat(input.level()).isTrue();
    assertThat(read(0x04, 4)).isEqualTo(1);
    assertThat(input.level()).isFalse();
    echo.input("in[0]").set(true);
    assertThat(input.level()).isTrue();
    echo.input("in[0]").set(false);
    assertThat(input.level()).isFalse();
    var seen = new java.util.concurrent.CountDownLatch(1);
    input.connect((IrqLine.Sink) level -> seen.countDown());
    echo.wiring.post(() -> echo.state().pending = true);
    assertThat(seen.await(10, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void resetGivesNewStateKeepsWhatTheDeviceKeepsAndSettlesTheLines() {
    write(0x08, 4, 1);
    write(0x10, 8, 1);
    write(0x1004 + 8, 4, 42);
    test.clock.advance(1);
    assertThat(input.level()).isTrue();
    machine.resume();
    assertThat(input.level()).isFalse();
    assertThat(read(0, 4)).isEqualTo(7);
    assertThat(read(0x100c, 4)).isEqualTo(42);
  }

  @Test
  void stateIsSavedRestoredAndShown() {
    write(0, 4, 21);
    write(0x08, 4, 1);
    write(0x10, 8, 1);
    test.clock.advance(1);
    Map<String, byte[]> saved = machine.devices().save();
    machine.resume();
    machine.pause();
    assertThat(input.level()).isFalse();
    machine.devices().restore(saved);
    assertThat(input.level()).isTrue();
    assertThat(read(0, 4)).isEqualTo(42);
    assertThat(echo.show())
        .hasToString(
            "{\"value\": 42, \"target\": 0, \"pending\": true, \"enabled\": true, \"deadline\":"
                + " 9223372036854775807, \"lines\": [false, false, false, false], \"kept\": 0}");
    assertThatThrownBy(() -> machine.devices().restore(Map.of()))
        .isInstanceOf(StateException.class)
        .hasMessage("no state was saved of device 'echo'");
    assertThatThrownBy(() -> machine.devices().restore(Map.of("x", new byte[0])))
        .hasMessage("there is no device 'x' in this machine");
  }

  @Test
  void aDeviceCannotReachItsOwnRegistersByDma() {
    machine.root().add(0, MemoryRegion.ram(machine.ram().allocate("ram", 4096)));
    write(0x18, 4, 0x10);
    assertThat(machine.memory().peek(0x10, 4)).isEqualTo(7);
    test.lines.clear();
    write(0x18, 4, BASE);
    assertThat(echo.state().target).isEqualTo(-1);
    assertThat(test.lines)
        .contains("echo: write32(0x10000000, 0x7) of its own registers by DMA refused");
    assertThat(machine.state()).isEqualTo(RunState.PRELAUNCH);
  }

  @Test
  void aDeviceBehindABusCannotReachTheBusesRegistersByDma() {
    machine.root().add(0, MemoryRegion.ram(machine.ram().allocate("ram", 4096)));
    var card = (Echo.Card) plug("echo-card");
    card.copyTo(0x20);
    assertThat(card.faults).isZero();
    card.copyTo(BASE);
    assertThat(card.faults).isOne();
    assertThat(card.outputsCalls).isEqualTo(3); // added, and after each
    assertThat(read(0, 4)).isEqualTo(7);
  }

  @Test
  void aFailureInARegisterStopsTheMachineAndNamesTheDevice() throws InterruptedException {
    assertThat(machine.memory().access(access.asRead(BASE + 0x20, 4)))
        .isEqualTo(BusResult.SLAVE_ERROR);
    Shutdown end = machine.awaitShutdown(10, TimeUnit.SECONDS);
    assertThat(end).isNotNull();
    assertThat(end.reason()).contains("echo.regs: read32(0x10000020)");
  }

  @Test
  void theMachineWaitsForOperationsOfTheHost() {
    machine.resume();
    echo.operations = 1;
    Thread.ofVirtual()
        .start(() -> {
          try {
            Thread.sleep(20);
          } catch (InterruptedException e) {
            return;
          }
          echo.wiring.post(() -> echo.operations = 0);
        });
    machine.pause();
    assertThat(echo.operations).isZero();
  }

  @Test
  void unpluggingTakesEverythingBack() {
    write(0x10, 8, 5);
    machine.devices().remove(echo);
    assertThat(echo.closed).isTrue();
    assertThat(machine.memory().access(access.asRead(BASE, 4))).isEqualTo(BusResult.DECODE_ERROR);
    test.clock.advance(10);
    assertThat(machine.devices().all()).isEmpty();
  }

  @Test
  void devicesAreNumberedAndFoundByName() {
    machine.map(BASE + 0x10000, EchoType.TYPE.create(new Echo.Props(1, null)));
    Echo named = EchoType.TYPE.create(new Echo.Props(1, null));
    named.identify("loud");
    machine.map(BASE + 0x20000, named);
    assertThat(machine.devices().all())
        .extracting(Device::id)
        .containsExactly("echo", "echo.1", "loud");
    assertThatThrownBy(() -> machine.devices().find("luod"))
        .isInstanceOf(OptionException.class)
        .hasMessage("no device 'luod'; did you mean 'loud'?");
    Echo again = EchoType.TYPE.create(new Echo.Props(1, null));
    again.identify("loud");
    assertThatThrownBy(() -> machine.sysBus().add(again)).hasMessageContaining("taken");
  }

  @Test
  void theRegistryListsDescribesAndMakesDevices() {
    var types = new DeviceTypes(new TestDevices().types());
    assertThat(types.help()).contains("echo (SysBus)").contains("does a little of everything");
    DeviceType<?, ?, ?> type = types.find("echo");
    assertThat(type.help()).contains("gain=<int>").contains("what values are multiplied with");
    Device<?, ?> made =
        type.create(OptionSource.of("-device echo", "gain=0x10,label=a,,b", ""), References.NONE);
    assertThat(made.props()).isEqualTo(new Echo.Props(16, "a,b"));
    assertThatThrownBy(() -> types.find("ehco"))
        .hasMessage("-device ehco: no such device; did you mean 'echo'?");
    assertThatThrownBy(
            () -> type.create(OptionSource.of("-device echo", "gian=1", ""), References.NONE))
        .hasMessage("-device echo: unknown property 'gian'; did you mean 'gain'?");
  }

  private Device<?, ?> plug(String text) {
    var types = new DeviceTypes(new TestDevices().types());
    return machine
        .devices()
        .plug(types, OptionSource.of("-device", text, "driver"), References.NONE);
  }

  @Test
  void devicesArePluggedIntoTheFirstBusWithRoom() {
    assertThatThrownBy(() -> plug("echo-card,broken"))
        .hasMessage("-device echo-card: 'broken' is on");
    Device<?, ?> card = plug("echo-card,id=c0");
    assertThat(card.bus().name()).isEqualTo("echo.slot");
    assertThatThrownBy(() -> plug("echo-card"))
        .hasMessage("-device echo-card: every EchoBus of this machine is full");
    assertThatThrownBy(() -> plug("echo-card,bus=echo.slto"))
        .hasMessageContaining("there is no bus 'echo.slto'; did you mean 'echo.slot'?");
    assertThatThrownBy(() -> plug("echo-card,bus=sysbus"))
        .hasMessageContaining("needs a EchoBus, and 'sysbus' is a SysBus");
    assertThatThrownBy(() -> plug("echo"))
        .hasMessage("-device echo: it is part of a board and cannot be added");
    assertThatThrownBy(() -> plug("id=x"))
        .hasMessage("-device: 'driver' is missing: the name of a device");
    machine.devices().remove(card);
    assertThat(((Echo.Card) card).closed).isTrue();
    plug("echo-card,id=c0");
  }

  @Test
  void logItemsAreNamed() {
    assertThat(LogCategory.parse("int,guest_errors"))
        .containsExactlyInAnyOrder(LogCategory.INT, LogCategory.GUEST_ERRORS);
    assertThat(LogCategory.parse("all")).hasSize(LogCategory.values().length);
    assertThatThrownBy(() -> LogCategory.parse("guest_error"))
        .hasMessage("-d: unknown log item 'guest_error'; did you mean 'guest_errors'?");
    assertThat(LogCategory.help()).contains("  in_asm ");
  }

  @Test
  void theHardwareIsDescribedAsItIsWired() {
    var controller = new HardwareNode("interrupt-controller");
    input.describe(new InterruptSpecifier(controller, List.of(3)));
    HardwareNode soc = machine.describe().children().getFirst();
    HardwareNode node = soc.children().getFirst();
    assertThat(node.fullName()).isEqualTo("echo@10000000");
    assertThat(node.get("reg"))
        .isEqualTo(new HardwareNode.Ranges(List.of(new HardwareNode.Range(BASE, 0x2000))));
    assertThat(node.get("interrupts"))
        .isEqualTo(
            new HardwareNode.Interrupts(List.of(new InterruptSpecifier(controller, List.of(3)))));
    assertThat(machine.describe().children().getFirst().children()).hasSize(1);
  }

  @Test
  void devicesCanBeDescribedAtTheRoot() {
    machine.sysBus().describeIn(machine.hardware());
    assertThat(machine.describe().children())
        .extracting(HardwareNode::fullName)
        .containsExactly("echo@10000000");
  }

  @Test
  void memoryMapsArePrinted() {
    machine.root().add(0x8000_0000L, MemoryRegion.ram(machine.ram().allocate("ram", 0x10000)));
    assertThat(MemoryTree.tree(machine.memory()))
        .isEqualTo(
            """
            address-space: memory
              0000000000000000-ffffffffffffffff (prio 0, container): system
                0000000010000000-0000000010001fff (prio 0, i/o): echo.regs
                0000000080000000-000000008000ffff (prio 0, ram): ram
            """);
    assertThat(MemoryTree.flat(machine.memory()))
        .isEqualTo(
            """
            flat view: memory
              0000000010000000-0000000010001fff (i/o): echo.regs
              0000000080000000-000000008000ffff (ram): ram
            """);
  }

  @Test
  void oneAtATimeReachesTheRegisterAnAccessBeginsIn() {
    var written = new ArrayList<Long>();
    var registers =
        Registers.width(1)
            .accepts(1, 8)
            .oneAtATime()
            .at(0, "A")
            .read(() -> 0x11)
            .write(written::add)
            .at(1, "B")
            .read(() -> 0x22)
            .write(written::add);
    assertThat(registers.read(0, 8, access)).isEqualTo(0x11);
    assertThat(registers.read(1, 1, access)).isEqualTo(0x22);
    registers.write(0, 4, 0x4433_2211, access);
    assertThat(written).containsExactly(0x11L);
  }

  @Test
  void registersCanBeEnumerated() {
    var registers = Registers.width(1).at(0, "A").reset(3).read(() -> 3).at(1, "B").write(v -> {});
    assertThat(registers.list()).extracting(Registers.Register::name).containsExactly("A", "B");
    assertThat(registers.list().getFirst().resetValue()).isEqualTo(3);
    assertThat(registers.list().getLast().readable()).isFalse();
    assertThatThrownBy(() -> registers.at(1, "C")).hasMessageContaining("C overlaps B at 0x1");
  }
}
