task = Task.async(fn -> String.to_integer("seven") end)
Task.await(task)
