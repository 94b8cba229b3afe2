use strict;
use warnings;
use Carp;
$SIG{__DIE__} = \&Carp::confess;

sub load { my ($row) = @_; die "bad row $row" }

load(7);
