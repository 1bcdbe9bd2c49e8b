package dev.kasuari.net;

import dev.kasuari.machine.backend.NetBackend;
import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;

/** Swallows what is sent; nothing comes ({@code null}). */
public record NullNetdev(String id) implements NetBackend {
  @Override
  public void connect(Receiver receiver, Consumer<Runnable> post) {}

  @Override
  public void send(MemorySegment packet) {}

  @Override
  public void acceptPackets() {}

  @Override
  public void close() {}
}
