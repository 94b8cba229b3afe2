#include <stdio.h>

static int depth(volatile int *n) {
  volatile int here[64] = {*n};
  return here[0] < 0 ? 0 : 1 + depth(here);
}

int main(void) {
  volatile int one = 1;
  printf("%d\n", depth(&one));
}
