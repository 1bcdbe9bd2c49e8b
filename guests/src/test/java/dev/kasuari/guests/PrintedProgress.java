package dev.kasuari.guests;

/** Shows in a test's output what was fetched, once per thing. */
final class PrintedProgress implements Progress {
  private String last = "";

  @Override
  public void update(String name, long bytes, long total) {
    if (!name.equals(last)) {
      System.out.println("fetching " + name + (total > 0 ? ": " + total + " bytes" : ""));
      last = name;
    }
  }

  @Override
  public void note(String line) {
    System.out.println(line);
  }
}
