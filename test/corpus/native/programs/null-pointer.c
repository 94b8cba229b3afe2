struct row {
  int id;
  int price;
};

static int price(const struct row *row) { return row->price; }

int main(int argc, char **argv) {
  (void)argv;
  return price(argc > 5 ? (struct row *)argv : 0);
}
