/** What a person or program says of a machine, and the machine made of it. */
@NullMarked
package dev.kasuari.vm;

import org.jspecify.annotations.NullMarked;
