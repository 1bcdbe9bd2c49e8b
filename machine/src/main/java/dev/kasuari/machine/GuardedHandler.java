package dev.kasuari.machine;

import dev.kasuari.machine.memory.AccessSizes;
import dev.kasuari.machine.memory.BusAccess;
import dev.kasuari.machine.memory.BusResult;
import dev.kasuari.machine.memory.MmioHandler;

/**
 * A device's registers as the bus sees them: a device cannot come back into itself by DMA, and its
 * outputs follow each access.
 */
final class GuardedHandler implements MmioHandler {
  private final Device<?, ?> device;
  private final MmioHandler handler;
  private final Log log;

  GuardedHandler(Device<?, ?> device, MmioHandler handler, Log log) {
    this.device = device;
    this.handler = handler;
    this.log = log;
  }

  @Override
  public AccessSizes sizes() {
    return handler.sizes();
  }

  @Override
  public long read(long offset, int size, BusAccess access) {
    if (device.busy()) {
      refuse(access);
      return 0;
    }
    device.begin();
    try {
      return handler.read(offset, size, access);
    } finally {
      device.end();
    }
  }

  @Override
  public void write(long offset, int size, long value, BusAccess access) {
    if (device.busy()) {
      refuse(access);
      return;
    }
    device.begin();
    try {
      handler.write(offset, size, value, access);
    } finally {
      device.end();
    }
  }

  @Override
  public long lanes(long offset, int size) {
    return handler.lanes(offset, size);
  }

  @Override
  public long peek(long offset, int size) {
    return handler.peek(offset, size);
  }

  @Override
  public void accessed() {
    handler.accessed();
    device.settle();
  }

  private void refuse(BusAccess access) {
    log.write(
        LogCategory.GUEST_ERRORS,
        () -> device.id() + ": " + access + " of its own registers by DMA refused");
    access.fail(BusResult.SLAVE_ERROR);
  }
}
