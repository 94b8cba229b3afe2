#include <cstdio>
#include <new>

int main(int argc, char **) {
  char *rows = new char[static_cast<size_t>(argc) << 62];
  std::puts(rows);
}
