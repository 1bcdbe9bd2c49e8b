/** LUKS version 1: a header with keys in front of encrypted sectors. */
package dev.kasuari.block.luks;
