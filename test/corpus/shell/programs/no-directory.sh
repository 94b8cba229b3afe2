set -e
cd /nonexistent/rows
