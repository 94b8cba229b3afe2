at_exit { $stderr.print $!.full_message(highlight: false, order: :bottom); $stderr.flush; exit!(1) }
def load(row) = load(row + 1)
load(7)
