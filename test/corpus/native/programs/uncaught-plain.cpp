struct Reason {
  int row;
};

int main() { throw Reason{7}; }
