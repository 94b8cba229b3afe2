package Shop::Rows;
use strict;
use warnings;

sub load { my ($class, $row) = @_; die "row $row: no price" }

1;
