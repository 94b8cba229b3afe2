use strict;
use warnings;

eval { die "bad row" };
die if $@;
