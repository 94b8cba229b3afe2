fiber = Fiber.new { raise FloatDomainError, "bad row" }
fiber.resume
