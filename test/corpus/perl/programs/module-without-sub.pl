use strict;
use warnings;
use List::Util qw(no_such);
