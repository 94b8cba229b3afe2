use strict;
use warnings;

die { row => 7 };
