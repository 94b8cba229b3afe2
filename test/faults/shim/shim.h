/*
 * A library that is loaded into a supervisor under test (LD_PRELOAD) and stands between it and libc: it tells of each
 * change that the program makes below one directory, lets chosen ones fail, kills the program at one, and shifts its clock.
 *
 *   a call of libc ──▶ is it about something below BOOTY_FAULT_ROOT? ──no──▶ libc
 *                        │ yes: a point
 *                        └──▶ a line in the trace ──▶ the rules: kill before │ fail │ half a write, then kill │ kill after
 *
 * The rules lie in a small file that the test has open too (BOOTY_FAULT_CONTROL): what it writes there holds at once.
 * control.ts knows the same layout.
 */
#pragma once
#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RULES = 16, FIRST_RULE = 64 };
enum action { ACTION_FAIL = 1, ACTION_KILL = 2 };
enum moment { MOMENT_BEFORE = 0, MOMENT_MIDDLE = 1, MOMENT_AFTER = 2 };

struct rule {
  _Atomic uint32_t on;
  uint32_t action;
  /** errno of a failure. */
  uint32_t error;
  /** When it kills. */
  uint32_t moment;
  /** Only the match of this number, from 1; 0: every one. */
  uint64_t only;
  /** Out of a thousand matches; 0: every one. */
  uint64_t share;
  /** Counted here, read by the test. */
  _Atomic uint64_t matched;
  _Atomic uint64_t struck;
  /** Names of operations, a blank before and after each; empty: any. */
  char operations[128];
  /** Of the path below the root, of the new one where there are two; empty: any, also a point that has none. */
  char pattern[336];
};

struct control {
  /** Added to CLOCK_REALTIME, in nanoseconds. */
  _Atomic int64_t clock;
  /** How many points there were. */
  _Atomic uint64_t points;
  /** The point at which it was killed. */
  _Atomic uint64_t died;
  char reserved[FIRST_RULE - 24];
  struct rule rules[RULES];
};

_Static_assert(sizeof(struct rule) == 512, "control.ts knows this layout");
_Static_assert(offsetof(struct rule, matched) == 32, "control.ts knows this layout");
_Static_assert(offsetof(struct rule, operations) == 48, "control.ts knows this layout");

/** One call that changes something; the paths are below the root, or null. */
struct point {
  const char *operation;
  const char *path;
  const char *other;
  /** Of a write. */
  size_t bytes;
};

/** What is to become of it. */
struct fate {
  /** errno to fail with; 0: none. */
  int error;
  /** Do only half of it. */
  bool half;
  /** Die after it. */
  bool die;
  /** The number of the point. */
  uint64_t number;
};

/** Null where nothing is to be done to this process. */
extern struct control *control;

/** Counts and traces the point, and asks the rules. Does not return where it is to die before it. */
struct fate decide(struct point point);
/** The same for what is no change, and only can be made to fail. */
int failureOf(struct point point);
/** To be called after the operation. */
void dieIfDue(struct fate fate);

/** The path below the root, written to `out`; null where it is elsewhere. */
const char *belowRoot(int directory, const char *path, char out[PATH_MAX]);
const char *nameOf(int file, char out[PATH_MAX]);
/** Whether anything has this name, or the file that a path leads to. */
bool exists(int directory, const char *path);

/** The next definition of a function: libc's. */
#define REAL(name) \
  ({ static __typeof__(&name) real_##name; \
     if (!real_##name) real_##name = (__typeof__(&name))dlsym(RTLD_NEXT, #name); \
     real_##name; })
