#include <stdlib.h>
#include <string.h>

int main(void) {
  char *volatile row = malloc(24);
  memset(row, 0x41, 64);
  char *volatile next = malloc(4096);
  next[0] = 0;
}
