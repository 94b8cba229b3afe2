require "/srv/job/lib/broken"
