package com.acme.shop;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

public class Chain {
  static class LoadException extends Exception {
    LoadException(String message, Throwable cause) {
      super(message, cause);
    }
  }

  static String read(String name) throws IOException {
    return Files.readString(Path.of(name));
  }

  static String load(String name) throws LoadException {
    try {
      return read(name);
    } catch (IOException e) {
      throw new LoadException("cannot load " + name, e);
    }
  }

  public static void main(String[] args) {
    try {
      load("/srv/job/missing.csv");
    } catch (LoadException e) {
      throw new RuntimeException(e);
    }
  }
}
