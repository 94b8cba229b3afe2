public class Plugin implements Runnable {
  @Override
  public void run() {
    java.util.List.of(1, 2, 3).stream().map(n -> 6 / (n - 2)).forEach(n -> {});
  }
}
