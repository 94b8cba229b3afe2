#include <exception>

namespace shop {
struct LoadError : std::exception {
  const char *what() const noexcept override { return "3 rows failed:\nrow 1: no price\nrow 2: no name"; }
};
}  // namespace shop

int main() { throw shop::LoadError(); }
