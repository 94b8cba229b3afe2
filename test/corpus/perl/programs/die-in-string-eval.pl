use strict;
use warnings;

eval 'die "bad row"' or die "load: $@";
