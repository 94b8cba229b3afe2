use strict;
use warnings;
use Carp qw(longmess);

package Shop::BadRow;
use overload '""' => sub { $_[0]{message} . $_[0]{stack} }, fallback => 1;
sub throw { my ($class, $message) = @_; die bless { message => $message, stack => Carp::longmess('') }, $class }

package main;
sub load { Shop::BadRow->throw('bad row') }
load(7);
