use strict;
use warnings;

package Shop::BadRow;
use overload '""' => sub { $_[0]{message} . ' at ' . $_[0]{file} . ' line ' . $_[0]{line} . ".\n" }, fallback => 1;
sub throw { my ($class, $message) = @_; my (undef, $file, $line) = caller; die bless { message => $message, file => $file, line => $line }, $class }

package main;
sub load { Shop::BadRow->throw('bad row 7') }
load(7);
