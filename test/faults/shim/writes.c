#define _GNU_SOURCE
#include "shim.h"
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <sys/uio.h>
#include <unistd.h>

/* Writes: the one thing that can be half done. */

/** Half of a write; one of a single byte is left out. */
static size_t halfOf(size_t bytes, struct fate fate) { return fate.half ? bytes / 2 : bytes; }

#define WRITE(operation, file, bytes, call) \
  ({ char buffer[PATH_MAX]; \
     const char *below = nameOf(file, buffer); \
     struct fate fate = {0}; \
     if (below) fate = decide((struct point){operation, below, NULL, bytes}); \
     size_t count = halfOf(bytes, fate); \
     ssize_t result = -1; \
     if (fate.error) errno = fate.error; \
     else { result = fate.half && count == 0 ? 0 : (call); dieIfDue(fate); } \
     result; })

ssize_t write(int file, const void *data, size_t bytes) {
  return WRITE("write", file, bytes, REAL(write)(file, data, count));
}
ssize_t pwrite(int file, const void *data, size_t bytes, off_t offset) {
  return WRITE("write", file, bytes, REAL(pwrite)(file, data, count, offset));
}
ssize_t pwrite64(int file, const void *data, size_t bytes, off64_t offset) {
  return WRITE("write", file, bytes, REAL(pwrite)(file, data, count, offset));
}

static size_t bytesIn(const struct iovec *parts, int count) {
  size_t bytes = 0;
  for (int number = 0; number < count; number++) bytes += parts[number].iov_len;
  return bytes;
}

/** The first so many bytes of the parts, in `cut`; returns how many parts they are. */
static int cutTo(size_t bytes, const struct iovec *parts, int count, struct iovec cut[IOV_MAX]) {
  int number = 0;
  for (; number < count && number < IOV_MAX && bytes > 0; number++) {
    cut[number] = parts[number];
    if (cut[number].iov_len > bytes) cut[number].iov_len = bytes;
    bytes -= cut[number].iov_len;
  }
  return number;
}

ssize_t pwritev(int file, const struct iovec *parts, int partCount, off_t offset) {
  struct iovec cut[IOV_MAX];
  size_t bytes = bytesIn(parts, partCount);
  return WRITE("write", file, bytes, REAL(pwritev)(file, cut, cutTo(count, parts, partCount, cut), offset));
}
ssize_t pwritev64(int file, const struct iovec *parts, int partCount, off64_t offset) {
  return pwritev(file, parts, partCount, offset);
}
ssize_t writev(int file, const struct iovec *parts, int partCount) {
  struct iovec cut[IOV_MAX];
  size_t bytes = bytesIn(parts, partCount);
  return WRITE("write", file, bytes, REAL(writev)(file, cut, cutTo(count, parts, partCount, cut)));
}
