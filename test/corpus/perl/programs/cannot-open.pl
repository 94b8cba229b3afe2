use strict;
use warnings;

sub load { open my $file, '<', '/srv/job/no-such.csv' or die "cannot open rows: $!" }

load(7);
