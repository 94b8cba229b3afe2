use strict;
use warnings;

my $row;
print "row $row\n";
warn "odd row";
die "no rows";
