import java.util.List;

public class Plain {
  static void load(int row) {
    throw new IllegalStateException("bad row " + row);
  }

  public static void main(String[] args) {
    List.of(7).forEach(Plain::load);
  }
}
