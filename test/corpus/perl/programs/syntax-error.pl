use strict;
use warnings;

sub load { my $row = ; }

load(7);
