use strict;
use warnings;
my @rows = sort { confess_it($a, $b) } 2, 1;
sub confess_it { require Carp; Carp::confess("cannot compare @_") }
