#include <stdlib.h>

int main(void) {
  char *volatile row = malloc(64);
  free(row + 8);
}
