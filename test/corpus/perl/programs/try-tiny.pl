use strict;
use warnings;
use Try::Tiny;

sub load { die "bad row" }

try { load(7) } catch { die "load: $_" };
