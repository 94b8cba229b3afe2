import koffi from 'koffi';
import { onPool, type PoolCall } from './thread-pool.ts';

/*
 * The user database, whoever keeps it: passwd(5), LDAP, systemd-userdb … (nsswitch.conf(5)). A question may take long, where
 * it goes over a network: none is asked in the loop.
 */

/** errno(3): the buffer is too small. */
const ERANGE = 34;
const maxBufferBytes = 1024 * 1024;
const maxGroups = 65_536;

export interface User {
  readonly name: string;
  readonly uid: number;
  /** Its own group. */
  readonly gid: number;
}

type Entry = Record<string, unknown>;

let loaded: ReturnType<typeof bind> | null = null;
const libc = (): ReturnType<typeof bind> => (loaded ??= bind());

function bind() {
  const library = koffi.load('libc.so.6');
  const passwd = koffi.struct({
    name: 'const char *',
    password: 'const char *',
    uid: 'uint32',
    gid: 'uint32',
    comment: 'const char *',
    home: 'const char *',
    shell: 'const char *',
  });
  const group = koffi.struct({ name: 'const char *', password: 'const char *', gid: 'uint32', members: 'void *' });
  const ask = (name: string, key: string, entry: typeof passwd): PoolCall =>
    library.func(name, 'int', [
      key,
      koffi.out(koffi.pointer(entry)),
      'void *',
      'size_t',
      koffi.out(koffi.pointer('void *')),
    ]);
  return {
    byUid: ask('getpwuid_r', 'uint32', passwd),
    byName: ask('getpwnam_r', 'const char *', passwd),
    byGid: ask('getgrgid_r', 'uint32', group),
    byGroupName: ask('getgrnam_r', 'const char *', group),
    groupsOf: library.func(
      'int getgrouplist(const char *user, uint32 group, _Out_ uint32 *groups, _Inout_ int *count)',
    ) as unknown as PoolCall,
  };
}

/** The user of a number or a name (getpwuid_r(3)). Null where nobody knows it. @throws where the database cannot be asked */
export async function findUser(key: number | string): Promise<User | null> {
  const { byUid, byName } = libc();
  const entry = await lookUp(typeof key === 'number' ? byUid : byName, key);
  return entry && { name: String(entry.name), uid: Number(entry.uid), gid: Number(entry.gid) };
}

/** The name of a group (getgrgid_r(3)). @throws where the database cannot be asked */
export async function findGroupName(gid: number): Promise<string | null> {
  const entry = await lookUp(libc().byGid, gid);
  return entry && String(entry.name);
}

/** The number of a group (getgrnam_r(3)). Null where nobody knows it. @throws where the database cannot be asked */
export async function findGroupId(name: string): Promise<number | null> {
  const entry = await lookUp(libc().byGroupName, name);
  return entry && Number(entry.gid);
}

/** Every group that a user is in, its own first (getgrouplist(3)). @throws where the database cannot be asked */
export async function findGroups(user: User): Promise<number[]> {
  for (let size = 64; size <= maxGroups; size *= 4) {
    const groups = new Uint32Array(size);
    const count = new Int32Array([size]);
    const result = await onPool(libc().groupsOf, user.name, user.gid, groups, count);
    if (result >= 0) return [...groups.subarray(0, count[0])];
  }
  throw new Error(`${user.name} is in more than ${maxGroups} groups`);
}

async function lookUp(ask: PoolCall, key: number | string): Promise<Entry | null> {
  for (let size = 4096; size <= maxBufferBytes; size *= 4) {
    const entry: Entry = {};
    const found: [unknown] = [null];
    const buffer = Buffer.alloc(size);
    const result = await onPool(ask, key, entry, buffer, size, found);
    if (result === 0) return found[0] === null ? null : entry;
    // What getpwnam(3) says of a database that knows no such entry.
    if (result !== ERANGE) {
      if ([2, 3, 9, 1].includes(result)) return null;
      throw new Error(`the user database answers with error ${result}`);
    }
  }
  throw new Error('an entry of the user database is too long');
}
