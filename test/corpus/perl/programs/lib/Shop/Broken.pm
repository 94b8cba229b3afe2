package Shop::Broken;
use strict;

sub load { $row = 7 }

1;
