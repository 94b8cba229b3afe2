use strict;
use warnings;

sub load { my $rows; $rows->load }

load(7);
