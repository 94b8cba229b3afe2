use strict;
END { die "cannot clean up" }
print "done\n";
