#include <stdlib.h>
#include <string.h>

static void put(char *row) { row[0] = 'x'; }

int main(void) {
  char *row = malloc(8);
  memset(row, 0, 8);
  free(row);
  put(row);
  return 0;
}
