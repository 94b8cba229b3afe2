use strict;
use warnings;

$row = 7;
print $rows;
