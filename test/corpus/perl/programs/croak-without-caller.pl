use strict;
use warnings;
use Carp;

sub load { croak "no price" }

eval { load(7); 1 } or die $@;
