package com.acme.job;

public class Main {
  public static void main(String[] args) {
    Object row = "seven";
    System.out.println((Integer) row);
  }
}
