#include <stdio.h>
#include <string.h>

static void copy(char *to, const char *from) { strcpy(to, from); }

int main(int argc, char **argv) {
  char name[8];
  copy(name, argc > 1 ? argv[1] : "a name that is too long");
  puts(name);
}
