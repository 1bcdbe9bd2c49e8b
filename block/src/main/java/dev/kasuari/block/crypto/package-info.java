/** Secrets, and what encrypts sectors; the primitives are the JDK's. */
package dev.kasuari.block.crypto;
