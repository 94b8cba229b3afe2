at_exit { $stderr.print $!.full_message(highlight: false, order: :bottom); $stderr.flush; exit!(1) }
raise "bad row"
