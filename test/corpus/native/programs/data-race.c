#include <pthread.h>
static int rows;
static void *load(void *row) {
  rows += 7;
  return row;
}
int main(void) {
  pthread_t other;
  pthread_create(&other, 0, load, 0);
  load(0);
  pthread_join(other, 0);
  return 0;
}
