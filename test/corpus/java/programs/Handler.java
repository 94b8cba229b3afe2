public class Handler {
  public static void main(String[] args) {
    Thread.setDefaultUncaughtExceptionHandler(
        (thread, e) -> {
          throw new IllegalStateException("in the handler");
        });
    throw new IllegalArgumentException("bad row");
  }
}
