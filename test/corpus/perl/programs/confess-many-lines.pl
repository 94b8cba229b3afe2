use strict;
use warnings;
use Carp;

sub price { confess "no price:\n  apple\n  pear" }

price("a\nb");
