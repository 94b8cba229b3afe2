#define _GNU_SOURCE
#include "shim.h"
#include <dlfcn.h>
#include <errno.h>
#include <spawn.h>
#include <stdio.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

/* Processes and the clock. */

pid_t fork(void) {
  struct fate fate = decide((struct point){"fork", NULL, NULL, 0});
  if (fate.error) {
    errno = fate.error;
    return -1;
  }
  pid_t child = REAL(fork)();
  if (child != 0) dieIfDue(fate);
  return child;
}

#define DEFINE_SPAWN(name) \
  int name(pid_t *pid, const char *path, const posix_spawn_file_actions_t *actions, const posix_spawnattr_t *attributes, \
           char *const argv[], char *const env[]) { \
    struct fate fate = decide((struct point){"fork", NULL, NULL, 0}); \
    if (fate.error) return fate.error; \
    int error = REAL(name)(pid, path, actions, attributes, argv, env); \
    dieIfDue(fate); \
    return error; \
  }
DEFINE_SPAWN(posix_spawn)
DEFINE_SPAWN(posix_spawnp)

static const int64_t second = 1000000000;

static struct timespec shifted(struct timespec now) {
  int64_t moved = now.tv_sec * second + now.tv_nsec + (control ? control->clock : 0);
  if (moved < 0) moved = 0;
  return (struct timespec){moved / second, moved % second};
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  int result = REAL(clock_gettime)(clock, now);
  if (result == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) *now = shifted(*now);
  return result;
}

int gettimeofday(struct timeval *restrict now, void *restrict zone) {
  int result = REAL(gettimeofday)(now, zone);
  if (result != 0) return result;
  struct timespec moved = shifted((struct timespec){now->tv_sec, now->tv_usec * 1000});
  *now = (struct timeval){moved.tv_sec, moved.tv_nsec / 1000};
  return result;
}

time_t time(time_t *out) {
  struct timespec now = {REAL(time)(NULL), 0};
  time_t moved = shifted(now).tv_sec;
  if (out) *out = moved;
  return moved;
}
