echo loading
for row in 1 2; do
  echo "$row" )
done
