set -e
cat < /nonexistent/in.csv
