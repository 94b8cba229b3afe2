function down(row) {
  return down(row + 1) + 1;
}
down(0);
