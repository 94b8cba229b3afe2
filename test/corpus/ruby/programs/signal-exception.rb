def load = raise(SignalException, "SIGUSR1")
begin
  load
rescue SignalException => e
  raise IOError, "stopped"
end
