use strict;
use warnings;
use autodie;
open(my $file, '<', '/srv/job/no-such.csv');
