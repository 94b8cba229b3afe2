#include <vector>

int main(int argc, char **) {
  std::vector<int> rows(3);
  return rows.at(argc + 4);
}
