struct Reader {
  Reader() { start(); }
  void start() { read(); }
  virtual void read() = 0;
};

struct Csv : Reader {
  void read() override {}
};

int main() { Csv csv; }
