require "no/such"
