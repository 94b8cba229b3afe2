import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

public class Pool {
  static int parse(String text) {
    return Integer.parseInt(text);
  }

  public static void main(String[] args) throws Exception {
    if (args.length > 0) {
      CompletableFuture.supplyAsync(() -> parse("x")).thenApply(n -> n + 1).join();
    }
    var pool = Executors.newSingleThreadExecutor();
    Future<Integer> future = pool.submit(() -> parse("seven"));
    try {
      future.get();
    } finally {
      pool.shutdown();
    }
  }
}
