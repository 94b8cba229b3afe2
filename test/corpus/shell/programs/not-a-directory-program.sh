set -e
/srv/job
