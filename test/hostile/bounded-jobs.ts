/** Takes all the memory that there is. */
const greedy = `perl -e 'push @all, "x" x 20000000 while 1'`;

/** Jobs by their ids, each of which wants more than it may have: for a machine that holds them to it. */
export const together: Readonly<Record<string, string>> = {
  // Its own limit: the machine has more.
  'own-memory': `limits: { memory: 48M }\nrun: ${greedy}\n`,
  // All of it goes, and not only the largest of it.
  'half-a-job': `limits: { memory: 48M }\nrun: ${greedy} & wait $!; sleep 60\n`,
  killed: 'limits: { memory: 48M }\nrun: kill -9 $$\n',
  bomb: 'limits: { tasks: 24 }\nrun: "bomb() { bomb | bomb; }; bomb"\n',
  'fits-in': 'limits: { tasks: 24, memory: 96M, cpu: 200% }\nrun: perl -e \'$x = "x" x 30000000; print length $x\'\n',
  slow: 'limits: { cpu: 20% }\nrun: timeout 5 sh -c "while :; do :; done" || true\n',
  writer: 'limits: { io: 2M }\nrun: dd if=/dev/zero of=x bs=1M count=8 oflag=direct\n',
};

/** One after the other, and nothing beside them. */
export const alone: Readonly<Record<string, string>> = {
  'all-memory': `run: ${greedy}\n`,
  after: 'run: echo still here\n',
};
