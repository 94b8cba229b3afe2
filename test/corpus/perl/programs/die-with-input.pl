use strict;
use warnings;

while (my $row = <STDIN>) { die "bad row" if $. == 2 }
