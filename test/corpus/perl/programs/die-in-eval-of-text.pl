use strict;
use warnings;

sub load { eval "#line 1\ndie 'bad row'; 1" or die $@ }

load(7);
