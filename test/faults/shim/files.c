#define _GNU_SOURCE
#include "shim.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* What makes, names and removes files. */

/** Does the call where no rule lets it fail, and dies after it where a rule says so. */
#define AT_POINT(point, call) \
  ({ struct fate fate = decide(point); \
     __typeof__(call) result = -1; \
     if (fate.error) errno = fate.error; \
     else { result = (call); dieIfDue(fate); } \
     result; })

#define ON_PATH(operation, directory, path, call) \
  ({ char buffer[PATH_MAX]; \
     const char *below = belowRoot(directory, path, buffer); \
     below ? AT_POINT(((struct point){operation, below, NULL, 0}), call) : (call); })

#define ON_PATHS(operation, directory, path, otherDirectory, otherPath, call) \
  ({ char buffer[PATH_MAX], otherBuffer[PATH_MAX]; \
     const char *below = belowRoot(directory, path, buffer); \
     const char *other = belowRoot(otherDirectory, otherPath, otherBuffer); \
     below || other ? AT_POINT(((struct point){operation, below, other, 0}), call) : (call); })

#define ON_FILE(operation, file, call) \
  ({ char buffer[PATH_MAX]; \
     const char *below = nameOf(file, buffer); \
     below ? AT_POINT(((struct point){operation, below, NULL, 0}), call) : (call); })

/** Whether the kernel would fail so too: a full disk has room for what is there already, and a name that is taken is told first. */
static bool mayFail(int error, int directory, const char *path, int flags) {
  if (!exists(directory, path)) return true;
  if ((flags & O_CREAT) && (flags & O_EXCL)) return false;
  return error != ENOSPC && error != EDQUOT;
}

/** Opening is a point where it may make or empty a file; where it only may write, it is none, and can fail. */
static int openWith(int directory, const char *path, int flags, mode_t mode, int (*real)(int, const char *, int, ...)) {
  char buffer[PATH_MAX];
  const char *below = belowRoot(directory, path, buffer);
  bool writes = (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC));
  if (!below || !writes) return real(directory, path, flags, mode);
  struct point point = {"open", below, NULL, 0};
  struct fate fate = {0};
  if (flags & (O_CREAT | O_TRUNC)) fate = decide(point);
  else fate.error = failureOf(point);
  if (fate.error && mayFail(fate.error, directory, path, flags)) {
    errno = fate.error;
    return -1;
  }
  int file = real(directory, path, flags, mode);
  dieIfDue(fate);
  return file;
}

static mode_t modeOf(int flags, va_list rest) {
  return flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

#define DEFINE_OPEN(name) \
  int name(const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = modeOf(flags, rest); \
    va_end(rest); \
    return openWith(AT_FDCWD, path, flags, mode, REAL(openat)); \
  }
#define DEFINE_OPENAT(name) \
  int name(int directory, const char *path, int flags, ...) { \
    va_list rest; \
    va_start(rest, flags); \
    mode_t mode = modeOf(flags, rest); \
    va_end(rest); \
    return openWith(directory, path, flags, mode, REAL(openat)); \
  }
DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int mkdirat(int directory, const char *path, mode_t mode) {
  // A name that is taken is told before anything that the disk could refuse.
  if (exists(directory, path)) return REAL(mkdirat)(directory, path, mode);
  return ON_PATH("mkdir", directory, path, REAL(mkdirat)(directory, path, mode));
}
int mkdir(const char *path, mode_t mode) { return mkdirat(AT_FDCWD, path, mode); }

int unlinkat(int directory, const char *path, int flags) {
  const char *operation = flags & AT_REMOVEDIR ? "rmdir" : "unlink";
  return ON_PATH(operation, directory, path, REAL(unlinkat)(directory, path, flags));
}
int unlink(const char *path) { return unlinkat(AT_FDCWD, path, 0); }
int rmdir(const char *path) { return unlinkat(AT_FDCWD, path, AT_REMOVEDIR); }
/** What Node.js removes by std::filesystem comes here; libc's own calls of the two below it do not pass through us. */
int remove(const char *path) {
  int result = unlink(path);
  return result != 0 && errno == EISDIR ? rmdir(path) : result;
}

int renameat2(int from, const char *path, int to, const char *newPath, unsigned int flags) {
  return ON_PATHS("rename", from, path, to, newPath, REAL(renameat2)(from, path, to, newPath, flags));
}
int renameat(int from, const char *path, int to, const char *newPath) { return renameat2(from, path, to, newPath, 0); }
int rename(const char *path, const char *newPath) { return renameat2(AT_FDCWD, path, AT_FDCWD, newPath, 0); }

int linkat(int from, const char *path, int to, const char *newPath, int flags) {
  return ON_PATHS("link", from, path, to, newPath, REAL(linkat)(from, path, to, newPath, flags));
}
int link(const char *path, const char *newPath) { return linkat(AT_FDCWD, path, AT_FDCWD, newPath, 0); }
int symlink(const char *target, const char *path) {
  return ON_PATH("symlink", AT_FDCWD, path, REAL(symlink)(target, path));
}

int ftruncate(int file, off_t length) { return ON_FILE("truncate", file, REAL(ftruncate)(file, length)); }
int ftruncate64(int file, off64_t length) { return ON_FILE("truncate", file, REAL(ftruncate)(file, length)); }
int truncate(const char *path, off_t length) {
  return ON_PATH("truncate", AT_FDCWD, path, REAL(truncate)(path, length));
}
int fchmod(int file, mode_t mode) { return ON_FILE("chmod", file, REAL(fchmod)(file, mode)); }
int chmod(const char *path, mode_t mode) { return ON_PATH("chmod", AT_FDCWD, path, REAL(chmod)(path, mode)); }
int fsync(int file) { return ON_FILE("fsync", file, REAL(fsync)(file)); }
int fdatasync(int file) { return ON_FILE("fdatasync", file, REAL(fdatasync)(file)); }

/** No point: a mapping changes nothing yet. */
static void *mapWith(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  char buffer[PATH_MAX];
  const char *below = flags & MAP_ANONYMOUS ? NULL : nameOf(file, buffer);
  int error = below ? failureOf((struct point){"mmap", below, NULL, 0}) : 0;
  if (error == 0) return REAL(mmap)(address, length, protection, flags, file, offset);
  errno = error;
  return MAP_FAILED;
}
void *mmap(void *address, size_t length, int protection, int flags, int file, off_t offset) {
  return mapWith(address, length, protection, flags, file, offset);
}
void *mmap64(void *address, size_t length, int protection, int flags, int file, off64_t offset) {
  return mapWith(address, length, protection, flags, file, offset);
}
