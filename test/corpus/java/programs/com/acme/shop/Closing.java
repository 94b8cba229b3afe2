package com.acme.shop;

public class Closing {
  record Source(String name) implements AutoCloseable {
    @Override
    public void close() {
      throw new IllegalStateException("close " + name, new RuntimeException("disk of " + name));
    }
  }

  static void copy() throws Exception {
    try (Source a = new Source("a");
        Source b = new Source("b")) {
      throw new Exception("copy failed", new java.io.EOFException("row 7"));
    }
  }

  public static void main(String[] args) throws Exception {
    try {
      copy();
    } catch (Exception e) {
      throw new Exception("nightly", e);
    }
  }
}
