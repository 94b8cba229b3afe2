use strict;
BEGIN { die "bad row" }
