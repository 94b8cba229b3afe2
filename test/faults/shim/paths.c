#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/** What comes after the root and its slash: `.` for the root itself; null where it is elsewhere. */
static const char *afterRoot(const char *path) {
  static const char *root;
  static size_t length;
  if (!root) {
    root = getenv("BOOTY_FAULT_ROOT");
    length = strlen(root);
  }
  if (strncmp(path, root, length) != 0) return NULL;
  if (path[length] == '\0') return ".";
  return path[length] == '/' ? path + length + 1 : NULL;
}

static bool readLink(const char *link, char out[PATH_MAX]) {
  long length = syscall(SYS_readlinkat, AT_FDCWD, link, out, PATH_MAX - 1);
  if (length < 0) return false;
  out[length] = '\0';
  return true;
}

const char *nameOf(int file, char out[PATH_MAX]) {
  if (!control) return NULL;
  int before = errno;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  bool found = readLink(link, out);
  errno = before;
  return found ? afterRoot(out) : NULL;
}

const char *belowRoot(int directory, const char *path, char out[PATH_MAX]) {
  if (!control || !path) return NULL;
  if (path[0] == '/') return afterRoot(path);
  int before = errno;
  char base[PATH_MAX];
  char link[64];
  if (directory == AT_FDCWD) snprintf(link, sizeof link, "/proc/self/cwd");
  else snprintf(link, sizeof link, "/proc/self/fd/%d", directory);
  bool found = readLink(link, base) && snprintf(out, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
  errno = before;
  return found ? afterRoot(out) : NULL;
}

bool exists(int directory, const char *path) {
  int before = errno;
  bool found = syscall(SYS_faccessat, directory, path, F_OK) == 0;
  errno = before;
  return found;
}
