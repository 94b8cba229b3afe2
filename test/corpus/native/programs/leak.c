#include <stdlib.h>

static char *row(void) { return malloc(100); }

int main(void) {
  for (int at = 0; at < 3; at += 1) row()[0] = 0;
  return 0;
}
