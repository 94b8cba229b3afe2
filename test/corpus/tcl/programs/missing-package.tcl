package require nosuch 2.0
