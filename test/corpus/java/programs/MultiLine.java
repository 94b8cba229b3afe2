public class MultiLine {
  public static void main(String[] args) {
    throw new IllegalArgumentException("bad statement:\n  SELECT *\n\n    at line 3\n  FROM rows: the end\n");
  }
}
