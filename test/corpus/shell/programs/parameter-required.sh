echo loading
: "${ROWS:?give the rows to load}"
