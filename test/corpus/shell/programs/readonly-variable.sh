readonly ROWS=1
ROWS=2
echo never
