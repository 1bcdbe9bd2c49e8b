package dev.kasuari.target.arm.isa;

import java.util.HashMap;
import java.util.Map;

/**
 * The names of SYS operations: address translation and maintenance of caches, TLBs and predictors.
 * Source: DDI 0487, section C5.1.3 and chapter C5 "System instruction class encoding".
 */
public final class A64SystemOperations {
  /** Lines are mnemonic, op1, CRn, CRm and then names, each with its op2; a * takes no register. */
  private static final String TABLE =
      """
      ic   0 7  1  ialluis*=0
      ic   0 7  5  iallu*=0
      ic   3 7  5  ivau=1
      dc   0 7  6  ivac=1 isw=2 igvac=3 igsw=4 igdvac=5 igdsw=6
      dc   0 7 10  csw=2 cgsw=4 cgdsw=6
      dc   0 7 14  cisw=2 cigsw=4 cigdsw=6
      dc   3 7  4  zva=1 gva=3 gzva=4
      dc   3 7 10  cvac=1 cgvac=3 cgdvac=5
      dc   3 7 11  cvau=1
      dc   3 7 12  cvap=1 cgvap=3 cgdvap=5
      dc   3 7 13  cvadp=1 cgvadp=3 cgdvadp=5
      dc   3 7 14  civac=1 cigvac=3 cigdvac=5
      dc   6 7 14  cipapa=1 cigdpapa=5
      at   0 7  8  s1e1r=0 s1e1w=1 s1e0r=2 s1e0w=3
      at   0 7  9  s1e1rp=0 s1e1wp=1
      at   4 7  8  s1e2r=0 s1e2w=1 s12e1r=4 s12e1w=5 s12e0r=6 s12e0w=7
      at   6 7  8  s1e3r=0 s1e3w=1
      cfp  3 7  3  rctx=4
      dvp  3 7  3  rctx=5
      cpp  3 7  3  rctx=7
      tlbi 0 8  1  vmalle1os*=0 vae1os=1 aside1os=2 vaae1os=3 vale1os=5 vaale1os=7
      tlbi 0 8  2  rvae1is=1 rvaae1is=3 rvale1is=5 rvaale1is=7
      tlbi 0 8  3  vmalle1is*=0 vae1is=1 aside1is=2 vaae1is=3 vale1is=5 vaale1is=7
      tlbi 0 8  5  rvae1os=1 rvaae1os=3 rvale1os=5 rvaale1os=7
      tlbi 0 8  6  rvae1=1 rvaae1=3 rvale1=5 rvaale1=7
      tlbi 0 8  7  vmalle1*=0 vae1=1 aside1=2 vaae1=3 vale1=5 vaale1=7
      tlbi 4 8  0  ipas2e1is=1 ripas2e1is=2 ipas2le1is=5 ripas2le1is=6
      tlbi 4 8  1  alle2os*=0 vae2os=1 alle1os*=4 vale2os=5 vmalls12e1os*=6
      tlbi 4 8  2  rvae2is=1 rvale2is=5
      tlbi 4 8  3  alle2is*=0 vae2is=1 alle1is*=4 vale2is=5 vmalls12e1is*=6
      tlbi 4 8  4  ipas2e1os=0 ipas2e1=1 ripas2e1=2 ripas2e1os=3
      tlbi 4 8  4  ipas2le1os=4 ipas2le1=5 ripas2le1=6 ripas2le1os=7
      tlbi 4 8  5  rvae2os=1 rvale2os=5
      tlbi 4 8  6  rvae2=1 rvale2=5
      tlbi 4 8  7  alle2*=0 vae2=1 alle1*=4 vale2=5 vmalls12e1*=6
      tlbi 6 8  1  alle3os*=0 vae3os=1 vale3os=5 paallos*=4
      tlbi 6 8  2  rvae3is=1 rvale3is=5
      tlbi 6 8  3  alle3is*=0 vae3is=1 vale3is=5
      tlbi 6 8  4  rpaos=3 rpalos=7
      tlbi 6 8  5  rvae3os=1 rvale3os=5
      tlbi 6 8  6  rvae3=1 rvale3=5
      tlbi 6 8  7  alle3*=0 vae3=1 paall*=4 vale3=5
      """;

  private static final Map<Integer, Operation> OPERATIONS = operations();

  private record Operation(String name, boolean register) {}

  private A64SystemOperations() {}

  /** The number that instructions have for an operation: op1:CRn:CRm:op2, 14 bits. */
  public static int number(int op1, int crn, int crm, int op2) {
    return op1 << 11 | crn << 7 | crm << 3 | op2;
  }

  /** What an operation is called, such as {@code tlbi vae1is}; empty if it has no name. */
  public static String name(int number) {
    Operation o = OPERATIONS.get(number);
    return o == null ? "" : o.name;
  }

  private static Map<Integer, Operation> operations() {
    var operations = new HashMap<Integer, Operation>();
    TABLE.lines().forEach(line -> line(line.split(" +", -1), operations));
    return operations;
  }

  private static void line(String[] s, Map<Integer, Operation> operations) {
    int op1 = Integer.parseInt(s[1]);
    int crn = Integer.parseInt(s[2]);
    int crm = Integer.parseInt(s[3]);
    for (int i = 4; i < s.length; i++) {
      int equals = s[i].indexOf('=');
      String name = s[i].substring(0, equals);
      int op2 = Integer.parseInt(s[i].substring(equals + 1));
      boolean register = !name.endsWith("*");
      String plain = register ? name : name.substring(0, name.length() - 1);
      operations.put(number(op1, crn, crm, op2), new Operation(s[0] + " " + plain, register));
      if (crn == 8 && (op1 != 6 || !name.contains("pa"))) {
        operations.put(
            number(op1, 9, crm, op2), new Operation(s[0] + " " + plain + "nxs", register));
      }
    }
  }

  static String text(long number, long rt) {
    Operation o = OPERATIONS.get((int) number);
    if (o == null || (!o.register && rt != 31)) {
      return sys(number, rt);
    }
    return o.name + (o.register ? ", " + A64Text.register(1, rt) : "");
  }

  static String sys(long number, long rt) {
    return "sys " + numbers(number) + (rt == 31 ? "" : ", " + A64Text.register(1, rt));
  }

  static String sysl(long number, long rt) {
    return "sysl " + A64Text.register(1, rt) + ", " + numbers(number);
  }

  private static String numbers(long n) {
    return "#" + (n >> 11) + ", C" + (n >> 7 & 15) + ", C" + (n >> 3 & 15) + ", #" + (n & 7);
  }
}
