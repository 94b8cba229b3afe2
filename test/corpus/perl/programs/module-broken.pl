use strict;
use warnings;
use lib '/srv/job/lib';
use Shop::Broken;
