package dev.kasuari.machine.cpu;

/** Why memory is accessed; decides permissions and the exception that a fault raises. */
public enum Access {
  READ,
  WRITE,
  EXECUTE
}
