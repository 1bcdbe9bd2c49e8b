// Prints X0 as 16 digits and a line's end on the serial port (PL011) at X10, and returns; takes X9 and
// X11 to X13. To be included behind the label of the routine that sets X10.
  mov x9, #60
1:
  lsr x11, x0, x9
  and x11, x11, #15
  cmp x11, #10
  add x12, x11, #'0'
  add x13, x11, #'a' - 10
  csel x11, x12, x13, lo
  strb w11, [x10]
  subs x9, x9, #4
  b.pl 1b
  mov w11, #10
  strb w11, [x10]
  ret
