use strict;
use warnings;

sub load { my ($row) = @_; die "bad row $row" }

load(7);
