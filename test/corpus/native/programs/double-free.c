#include <stdlib.h>

int main(void) {
  char *volatile row = malloc(8);
  free(row);
  free(row);
}
