set -e
echo row > /nonexistent/out.csv
