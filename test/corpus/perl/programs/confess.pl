use strict;
use warnings;
use Carp;

sub price { confess "no price" }
sub load { price("apple", 7, undef, [1]) }

load(7);
