/** What keeps bytes without power, and what firmware is told from. */
package dev.kasuari.hw.nvram;
