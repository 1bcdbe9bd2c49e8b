package dev.kasuari.machine.memory;

/** Translates and checks the addresses of bus masters. */
@FunctionalInterface
public interface Iommu {
  /**
   * Where a stretch of device addresses leads.
   *
   * @param address in the address space behind the IOMMU
   * @param length bytes that are mapped in one piece from there, at least 1
   */
  record Mapping(long address, long length) {}

  /**
   * Translates the start of a transfer.
   *
   * @param length the bytes wanted; the mapping may be shorter, and is asked again then
   * @throws DmaFault if the requester may not do this
   */
  Mapping translate(int requester, long address, long length, boolean write) throws DmaFault;
}
