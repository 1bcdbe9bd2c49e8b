/** What a user defines with {@code --object} and nodes refer to by id: secrets, TLS credentials. */
package dev.kasuari.block.object;
