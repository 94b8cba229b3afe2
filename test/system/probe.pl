# Run by a job: looks for a canary wherever a process of the same user could read one. Prints `FOUND WHERE` or `closed WHERE` for
# each place, and `done` at the end.
use strict;
use warnings;
no warnings 'portable';
use IO::Socket::INET;

$| = 1;
my $canary = qr/bootycanary[0-9a-f]{8}/;

sub tell_of {
    my ($where, $text) = @_;
    print defined $text && $text =~ $canary ? "FOUND $where\n" : "closed $where\n";
}

sub content {
    my ($path) = @_;
    open my $file, '<:raw', $path or return undef;
    local $/;
    return scalar <$file>;
}

# Every readable mapping of a process.
sub memory {
    my ($pid) = @_;
    open my $maps, '<', "/proc/$pid/maps" or return undef;
    open my $mem, '<:raw', "/proc/$pid/mem" or return undef;
    while (my $line = <$maps>) {
        next unless $line =~ /^([0-9a-f]+)-([0-9a-f]+) r/;
        my ($at, $end) = (hex $1, hex $2);
        my $carry = '';
        while ($at < $end && sysseek $mem, $at, 0) {
            my $size = $end - $at < 1 << 20 ? $end - $at : 1 << 20;
            my $read = sysread($mem, my $piece, $size);
            last unless $read;
            return $& if "$carry$piece" =~ $canary;
            $carry = $read > 64 ? substr $piece, -64 : $piece;
            $at += $read;
        }
    }
    return '';
}

# The supervisor: the last ancestor before the first process. Its number shows in its child, even where it is hidden itself.
sub supervisor {
    my $pid = getppid();
    while ((content("/proc/$pid/status") // '') =~ /^PPid:\t(\d+)$/m) {
        last if $1 <= 1;
        $pid = $1;
    }
    return $pid;
}

tell_of('own environment', join "\n", map { "$_=$ENV{$_}" } keys %ENV);
tell_of('/etc/booty/secrets.env', content('/etc/booty/secrets.env'));
tell_of($_, content($_)) for '/run/credentials/booty-secrets.service/secrets.env', glob(($ENV{CREDENTIALS_DIRECTORY} // '/none') . '/*');
tell_of($_, content($_)) for grep { -f } glob '/run/credentials/*/* /run/booty/* /var/lib/booty/* /var/lib/booty/outbox/* /var/lib/booty/jobs/*/*';

# All processes that can be seen, and the supervisor, whether it can be seen or not.
my %pids = map { $_ => 1 } grep { $_ != $$ } map { /(\d+)/ } glob '/proc/[0-9]*';
$pids{supervisor()} = 1;
for my $pid (sort { $a <=> $b } keys %pids) {
    tell_of("/proc/$pid/environ", content("/proc/$pid/environ"));
    tell_of("/proc/$pid/cmdline", content("/proc/$pid/cmdline"));
    tell_of("/proc/$pid/mem", memory($pid));
    tell_of("/proc/$pid/fd/$_", -f "/proc/$pid/fd/$_" ? content("/proc/$pid/fd/$_") : undef) for 0 .. 20;
}

# SIGUSR1 makes Node.js listen for a debugger, through which anybody on the machine may run code in it and read its memory.
if (defined $ENV{BOOTY_JOB_ID}) {
    my $open;
    print kill(USR1 => supervisor()) ? "signalled the supervisor\n" : "could not signal the supervisor\n";
    for (1 .. 20) {
        select undef, undef, undef, 0.1;
        $open = IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => 9229, Timeout => 1) and last;
    }
    print $open ? "FOUND debugger\n" : "closed debugger\n";
}
print "done\n";
