import java.util.Map;
import java.util.TreeMap;

public class Reflect {
  public static void broken() {
    Map<Object, Integer> map = new TreeMap<>();
    map.put("a", 1);
    map.put(2, 1);
  }

  public static void main(String[] args) throws Exception {
    Reflect.class.getMethod("broken").invoke(null);
  }
}
