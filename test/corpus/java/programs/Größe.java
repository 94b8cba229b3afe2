public class Größe {
  static class Übertrag_1$x extends RuntimeException {
    Übertrag_1$x(String m) {
      super(m);
    }
  }

  public static void main(String[] args) {
    throw new Übertrag_1$x("zu groß: 10 €");
  }
}
