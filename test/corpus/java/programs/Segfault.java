import java.lang.reflect.Field;
import sun.misc.Unsafe;

public class Segfault {
  static void poke(Unsafe unsafe) {
    unsafe.putAddress(1, 7);
  }

  public static void main(String[] args) throws Exception {
    Field field = Unsafe.class.getDeclaredField("theUnsafe");
    field.setAccessible(true);
    poke((Unsafe) field.get(null));
  }
}
