#include <limits.h>
#include <stdio.h>

static int total(int sum, int row) { return sum + row; }

int main(int argc, char **argv) {
  (void)argv;
  printf("%d\n", total(INT_MAX, argc));
}
