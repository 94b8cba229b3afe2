public class Initial {
  static class Config {
    static final int port = Integer.parseInt("eighty");
  }

  public static void main(String[] args) {
    try {
      System.out.println(Config.port);
    } catch (ExceptionInInitializerError e) {
      if (args.length == 0) throw e;
    }
    System.out.println(Config.port);
  }
}
