use strict;
use warnings;

package Shop::BadRow;
sub new { my ($class, %fields) = @_; bless {%fields}, $class }

package main;
die Shop::BadRow->new(row => 7);
