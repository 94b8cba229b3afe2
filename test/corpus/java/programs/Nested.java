import java.lang.reflect.Proxy;
import java.util.concurrent.Callable;
import java.util.function.Supplier;

public class Nested {
  class Inner {
    class Deep {
      void run() {
        Supplier<String> supplier = () -> fail("lambda");
        supplier.get();
      }
    }
  }

  static String fail(String what) {
    throw new UnsupportedOperationException(what);
  }

  @SuppressWarnings("unchecked")
  public static void main(String[] args) throws Exception {
    Runnable anonymous =
        new Runnable() {
          @Override
          public void run() {
            new Nested().new Inner().new Deep().run();
          }
        };
    var callable =
        (Callable<Object>)
            Proxy.newProxyInstance(
                Nested.class.getClassLoader(),
                new Class<?>[] {Callable.class},
                (proxy, method, arguments) -> {
                  anonymous.run();
                  return null;
                });
    callable.call();
  }
}
