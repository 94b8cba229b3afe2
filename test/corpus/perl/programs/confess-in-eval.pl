use strict;
use warnings;
use Carp;

sub price { confess "no price" }

eval { price(7); 1 } or die $@;
