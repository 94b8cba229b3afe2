File.read!("/srv/job/missing.csv")
