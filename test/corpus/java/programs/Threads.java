import java.util.concurrent.Executors;

public class Threads {
  public static void main(String[] args) throws Exception {
    Thread worker =
        new Thread(
            () -> {
              throw new IllegalStateException("worker lost");
            },
            "loader \"two\" 2");
    worker.start();
    worker.join();
    System.err.println("main: 1 of 2 workers lost, going on");
    var pool = Executors.newFixedThreadPool(1);
    pool.execute(() -> System.out.println(Integer.parseInt("seven")));
    pool.shutdown();
    pool.awaitTermination(5, java.util.concurrent.TimeUnit.SECONDS);
    System.err.println("main: giving up");
    System.exit(3);
  }
}
