#include <vector>

int main(int argc, char **) {
  std::vector<int> rows(3);
  return rows[argc + 4];
}
