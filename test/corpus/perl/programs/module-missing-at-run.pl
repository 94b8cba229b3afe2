use strict;
use warnings;

sub load { require No::Such }

load(7);
