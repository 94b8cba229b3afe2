#include <stdio.h>
#include <stdlib.h>

static int price(const int *rows, int at) { return rows[at]; }

static int load(int at) {
  int *rows = calloc(3, sizeof *rows);
  int found = price(rows, at);
  free(rows);
  return found;
}

int main(int argc, char **argv) {
  (void)argv;
  printf("%d\n", load(argc + 2));
}
