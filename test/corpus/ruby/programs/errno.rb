def load = File.open("/srv/job/no-such.csv")
load
