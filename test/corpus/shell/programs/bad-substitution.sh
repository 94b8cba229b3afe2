echo "${ROWS!}"
