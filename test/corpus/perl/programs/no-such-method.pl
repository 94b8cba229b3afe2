use strict;
use warnings;

sub load { Shop::Rows->load(7) }

load(7);
