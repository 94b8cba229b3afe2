#define _GNU_SOURCE
#include "shim.h"
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

struct control *control;
static int trace = -1;
static pid_t owner;

/** Far above what the program opens: a limit of descriptors that is set later does not close them. */
static int openAbove(const char *path, int flags) {
  int file = (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
  if (file < 0) return -1;
  int above = fcntl(file, F_DUPFD_CLOEXEC, 900);
  if (above < 0) return file;
  syscall(SYS_close, file);
  return above;
}

/** The program begins as a shell script: only the Node.js that it becomes is meant. */
__attribute__((constructor)) static void start(void) {
  const char *path = getenv("BOOTY_FAULT_CONTROL");
  if (!path || !getenv("BOOTY_FAULT_ROOT") || strcmp(program_invocation_short_name, "node") != 0) return;
  int file = openAbove(path, O_RDWR);
  void *mapped = file < 0 ? MAP_FAILED : mmap(NULL, sizeof(struct control), PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
  if (mapped == MAP_FAILED) {
    fprintf(stderr, "fault shim: %s cannot be mapped\n", path);
    abort();
  }
  const char *tracePath = getenv("BOOTY_FAULT_TRACE");
  if (tracePath) trace = openAbove(tracePath, O_WRONLY | O_CREAT | O_APPEND);
  owner = getpid();
  control = mapped;
}

static _Noreturn void die(uint64_t number) {
  control->died = number;
  syscall(SYS_kill, owner, SIGKILL);
  for (;;) pause();
}

static void tell(uint64_t number, struct point point) {
  if (trace < 0) return;
  char line[2 * PATH_MAX + 128];
  int length = snprintf(line, sizeof line, "%llu\t%s\t%zu\t%s\t%s\n", (unsigned long long)number, point.operation,
                        point.bytes, point.path ? point.path : "", point.other ? point.other : "");
  // One write(2) to a file that is open for appending: lines of threads do not mix.
  if (length > 0) syscall(SYS_write, trace, line, (size_t)length);
}

/** fnmatch(3); `**` at the end is everything below. */
static bool matches(const char *pattern, const char *path) {
  char above[sizeof control->rules->pattern];
  size_t length = strlen(pattern);
  if (length < 3 || strcmp(pattern + length - 3, "/**") != 0) return fnmatch(pattern, path, FNM_PATHNAME) == 0;
  snprintf(above, sizeof above, "%.*s", (int)length - 3, pattern);
  return fnmatch(above, path, FNM_PATHNAME | FNM_LEADING_DIR) == 0;
}

static bool isMeant(const struct rule *rule, struct point point) {
  if (rule->operations[0]) {
    char word[64];
    snprintf(word, sizeof word, " %s ", point.operation);
    if (!strstr(rule->operations, word)) return false;
  }
  if (!rule->pattern[0]) return true;
  const char *path = point.other ? point.other : point.path;
  return path && matches(rule->pattern, path);
}

/** Whether this match of the rule is one that it strikes: the same choice in each run. */
static bool strikes(struct rule *rule) {
  uint64_t number = ++rule->matched;
  if (rule->only != 0 && rule->only != number) return false;
  // The finaliser of splitmix64 spreads the numbers evenly.
  uint64_t mixed = number * 0x9e3779b97f4a7c15ULL;
  mixed = (mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9ULL;
  mixed = (mixed ^ (mixed >> 27)) * 0x94d049bb133111ebULL;
  if (rule->share != 0 && (mixed ^ (mixed >> 31)) % 1000 >= rule->share) return false;
  rule->struck++;
  return true;
}

/** @param number 0: it is no change, and nobody is killed at it */
static struct fate askRules(struct point point, uint64_t number) {
  struct fate fate = {.number = number};
  for (struct rule *rule = control->rules; rule < control->rules + RULES; rule++) {
    if (!rule->on || (rule->action == ACTION_KILL && number == 0)) continue;
    if (!isMeant(rule, point) || !strikes(rule)) continue;
    if (rule->action == ACTION_FAIL) {
      if (fate.error == 0) fate.error = (int)rule->error;
    } else if (rule->moment == MOMENT_BEFORE) {
      die(number);
    } else {
      fate.die = true;
      fate.half = rule->moment == MOMENT_MIDDLE;
    }
  }
  return fate;
}

/** A child between fork and exec is nobody's business. */
static bool isOurs(void) { return control && getpid() == owner; }

struct fate decide(struct point point) {
  if (!isOurs()) return (struct fate){0};
  int before = errno;
  uint64_t number = ++control->points;
  tell(number, point);
  struct fate fate = askRules(point, number);
  errno = before;
  return fate;
}

int failureOf(struct point point) {
  if (!isOurs()) return 0;
  int before = errno;
  int error = askRules(point, 0).error;
  errno = before;
  return error;
}

void dieIfDue(struct fate fate) {
  if (fate.die) die(fate.number);
}
