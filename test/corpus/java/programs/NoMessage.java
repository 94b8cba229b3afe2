public class NoMessage {
  static class Odd extends RuntimeException {
    @Override
    public String toString() {
      return "odd (code 3)";
    }
  }

  public static void main(String[] args) {
    try {
      throw new NullPointerException();
    } catch (NullPointerException e) {
      if (args.length > 0) throw new Odd();
      throw e;
    }
  }
}
