use strict;
use warnings;
use lib '/srv/job/lib';
use Shop::Rows;

Shop::Rows->load(7);
