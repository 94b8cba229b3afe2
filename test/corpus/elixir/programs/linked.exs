spawn_link(fn -> raise "linked worker lost" end)
Process.sleep(5000)
