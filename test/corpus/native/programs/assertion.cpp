#include <cassert>
#include <string>

namespace shop {
template <typename T>
int price(const T &row, int at) {
  assert(at >= 0);
  return row[at];
}
}  // namespace shop

int main() { return shop::price(std::string("x"), -1); }
