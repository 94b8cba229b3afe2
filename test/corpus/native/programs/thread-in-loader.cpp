#include <stdexcept>
#include <thread>

static void load() { throw std::logic_error("no rows"); }

int main() {
  std::thread worker(load);
  worker.join();
}
