use strict;
use warnings;
use No::Such;
