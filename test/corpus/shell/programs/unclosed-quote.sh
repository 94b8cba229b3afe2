echo "loading
exit 0
