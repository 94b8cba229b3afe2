if true; then
  echo loading
