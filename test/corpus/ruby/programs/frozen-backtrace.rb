e = RuntimeError.new("bad row")
e.set_backtrace(["/srv/job/rows.csv:7:in `row'", "/srv/job/rows.csv:1"])
raise e
