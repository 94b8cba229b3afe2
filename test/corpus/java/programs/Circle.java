public class Circle {
  public static void main(String[] args) throws Exception {
    Exception first = new Exception("first");
    Exception second = new Exception("second", first);
    first.initCause(second);
    first.addSuppressed(second);
    throw first;
  }
}
