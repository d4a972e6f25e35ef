/* A plugin in C that answers later, from a thread of its own. To build it by hand:
     cc -std=c11 -O2 -shared -fPIC -fvisibility=hidden -pthread -I.. timer.c -o libtimer.so

   wait  answers after some seconds; up to 64 calls wait at once, each tells how far it is and ends at once
   when it is cancelled. note  writes a line to a file, once for each key, and can tell after a crash whether
   it did. It wants `config: { file: /var/lib/notes/notes.txt }` and `grant: { write: [/var/lib/notes] }`.

   The input is JSON that fits the schema, on one line and without blanks, so the little that is needed of it
   is found by looking for it; a plugin with more to read takes a JSON library. */
#define _POSIX_C_SOURCE 200809L

#include "troupe_plugin.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CALLS_AT_ONCE = 64, PATH_BYTES = 4096, LINE_BYTES = 64 * 1024 };

static const troupe_host* host;
static const troupe_calls* calls;
static const troupe_log* logger; /* null: this daemon has none */
static char notes_file[PATH_BYTES];
static double tick_seconds = 1;

static troupe_span text(const char* s) {
  troupe_span span = {s, strlen(s)};
  return span;
}

static void finish(troupe_call* call, troupe_status status, const char* words) {
  troupe_span none = {0, 0};
  calls->finish(call, status, text(words), none);
}

static void tell_log(int32_t level, const char* words) {
  if (logger) logger->write(host, level, text(words));
}

/* What stands behind `name` in JSON text, at most `most` bytes of it; "" when it is not there. */
static void copy_behind(troupe_span json, const char* name, char* value, size_t most) {
  const size_t length = strlen(name);
  value[0] = 0;
  for (size_t i = 0; i + length <= json.size; ++i) {
    if (memcmp(json.data + i, name, length) != 0) continue;
    size_t size = (size_t)json.size - i - length;
    if (size >= most) size = most - 1;
    memcpy(value, json.data + i + length, size);
    value[size] = 0;
    return;
  }
}

/* The number behind `name`, or `fallback`. */
static double number_behind(troupe_span json, const char* name, double fallback) {
  char digits[64];
  char* end = digits;
  copy_behind(json, name, digits, sizeof digits);
  const double number = strtod(digits, &end);
  return end == digits ? fallback : number;
}

/* ==== wait: calls that wait, and the thread that ends them ==== */

typedef struct waiting {
  troupe_call* call;
  double begun, due, told; /* seconds of the steady clock */
  int cancelled;
} waiting;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed; /* by the steady clock, so that setting the time changes nothing */
static waiting all[CALLS_AT_ONCE];
static size_t count;
static int leaving;
static pthread_t ticker;

static double now_seconds(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static struct timespec time_of(double seconds) {
  struct timespec at;
  at.tv_sec = (time_t)seconds;
  at.tv_nsec = (long)((seconds - (double)at.tv_sec) * 1e9);
  return at;
}

/* What is to be done now: a call that is to be ended, which is taken out, or else the one that has told
   nothing for the longest. 0 and when to look again where there is nothing. Under the mutex. */
static int next_thing(waiting* out, int* ends, double* wake) {
  const double now = now_seconds();
  size_t silent = 0;
  *wake = now + 3600;
  for (size_t i = 0; i < count; ++i) {
    if (all[i].cancelled || all[i].due <= now) {
      *out = all[i];
      *ends = 1;
      all[i] = all[--count];
      return 1;
    }
    if (all[i].due < *wake) *wake = all[i].due;
    if (all[i].told < all[silent].told) silent = i;
  }
  *ends = 0;
  if (count == 0) return 0;
  if (all[silent].told + tick_seconds > now) {
    if (all[silent].told + tick_seconds < *wake) *wake = all[silent].told + tick_seconds;
    return 0;
  }
  all[silent].told = now;
  *out = all[silent];
  return 1;
}

/* Calls of the host are made without the mutex: nothing that it does then can wait for us. That a call which
   is told about here ends meanwhile is impossible, because this thread is the one that ends it. */
static void serve(const waiting* one, int ends) {
  char words[96];
  if (!ends) {
    const double whole = one->due - one->begun;
    snprintf(words, sizeof words, "%.1f of %.1f seconds", one->told - one->begun, whole);
    calls->progress(one->call, text(words), (one->told - one->begun) / whole);
    return;
  }
  if (one->cancelled) {
    finish(one->call, TROUPE_CANCELLED, "the wait was cancelled");
    return;
  }
  snprintf(words, sizeof words, "%g seconds are over", one->due - one->begun);
  tell_log(TROUPE_LOG_DEBUG, words);
  finish(one->call, TROUPE_OK, words);
}

static void* tick(void* unused) {
  (void)unused;
  pthread_mutex_lock(&mutex);
  while (!leaving) {
    waiting one;
    int ends = 0;
    double wake = 0;
    if (next_thing(&one, &ends, &wake)) {
      pthread_mutex_unlock(&mutex);
      serve(&one, ends);
      pthread_mutex_lock(&mutex);
    } else {
      const struct timespec until = time_of(wake);
      pthread_cond_timedwait(&changed, &mutex, &until);
    }
  }
  pthread_mutex_unlock(&mutex);
  return 0;
}

static void begin_wait(const troupe_service* service, troupe_call* call) {
  const double seconds = number_behind(calls->input(call), "\"seconds\":", 0);
  const double now = now_seconds();
  (void)service;
  if ((double)calls->time_left(call) / 1000 < seconds) {
    finish(call, TROUPE_INVALID, "that is longer than the call may take; wait for less");
    return;
  }
  pthread_mutex_lock(&mutex);
  const int room = count < CALLS_AT_ONCE;
  if (room) {
    const waiting one = {call, now, now + seconds, now, 0};
    all[count++] = one;
  }
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
  /* The host keeps to `concurrent`; another host might not. */
  if (!room) finish(call, TROUPE_BUSY, "too many calls wait already");
}

/* Comes on another thread, perhaps while the call is just being finished: then it is no longer in the list.
 */
static void cancel_wait(const troupe_service* service, troupe_call* call) {
  (void)service;
  pthread_mutex_lock(&mutex);
  for (size_t i = 0; i < count; ++i)
    if (all[i].call == call) all[i].cancelled = 1;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
}

/* ==== note: acts once for each key, and can tell ==== */

/* Each line of the file is KEY, a tab, the input. Both are on one line: keys have no control characters, and
   JSON writes them as \n. Whether there is a line of that key; -1: the file cannot be read. */
static int noted(troupe_span key) {
  static char line[LINE_BYTES];
  FILE* file = fopen(notes_file, "r");
  int found = 0;
  if (!file) return errno == ENOENT ? 0 : -1;
  while (!found && fgets(line, sizeof line, file))
    found =
        strlen(line) > key.size && line[key.size] == '\t' && memcmp(line, key.data, (size_t)key.size) == 0;
  if (ferror(file)) found = -1;
  fclose(file);
  return found;
}

static void answer_status(troupe_call* call) {
  const int found = noted(calls->key(call));
  finish(call, TROUPE_OK,
         found < 0 ? "{\"state\": \"unknown\"}"
         : found   ? "{\"state\": \"done\", \"text\": \"noted\"}"
                   : "{\"state\": \"not_done\"}");
}

static int append_line(troupe_span key, troupe_span input) {
  /* In one write, so that a crash leaves a whole line or none. */
  char* line = malloc((size_t)(key.size + input.size) + 2);
  const int file = open(notes_file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  int good = 0;
  if (line && file >= 0) {
    memcpy(line, key.data, (size_t)key.size);
    line[key.size] = '\t';
    memcpy(line + key.size + 1, input.data, (size_t)input.size);
    line[key.size + 1 + input.size] = '\n';
    const size_t size = (size_t)(key.size + input.size) + 2;
    good = write(file, line, size) == (ssize_t)size && fsync(file) == 0;
  }
  if (file >= 0) close(file);
  free(line);
  return good;
}

static void note(const troupe_service* service, troupe_call* call) {
  static const char status[] = "{\"troupe_status\":";
  const troupe_span input = calls->input(call), key = calls->key(call);
  char why[256];
  (void)service;
  if (input.size >= sizeof status && memcmp(input.data, status, sizeof status - 1) == 0) {
    answer_status(call);
    return;
  }
  if (!notes_file[0]) {
    finish(call, TROUPE_UNAVAILABLE,
           "there is no file for notes; the operator names one in `config: { file: … }`");
    return;
  }
  if (key.size + input.size + 2 >= LINE_BYTES) {
    finish(call, TROUPE_TOO_LARGE, "a note has at most 64 KiB; write a shorter one");
    return;
  }
  /* An attempt that was cut off may have written it already. */
  const int found = key.size > 0 ? noted(key) : 0;
  if (found == 1 || (found == 0 && append_line(key, input))) {
    finish(call, TROUPE_OK, "noted");
    return;
  }
  snprintf(why, sizeof why,
           "the note could not be written: %s; does `grant: { write: […] }` name its folder?",
           strerror(errno));
  finish(call, TROUPE_FAILED, why);
}

/* ==== the plugin ==== */

static troupe_status refuse(char* why, size_t why_size, const char* words) {
  snprintf(why, why_size, "%s", words);
  return TROUPE_UNAVAILABLE;
}

static troupe_status init(const troupe_host* given, troupe_span config, char* why, size_t why_size) {
  pthread_condattr_t steady;
  host = given;
  calls = (const troupe_calls*)host->capability(host, TROUPE_CALLS);
  logger = (const troupe_log*)host->capability(host, TROUPE_LOG);
  if (!calls) return refuse(why, why_size, "the daemon has no " TROUPE_CALLS);
  tick_seconds = number_behind(config, "\"tick_ms\":", 1000) / 1000;
  copy_behind(config, "\"file\":\"", notes_file, sizeof notes_file);
  notes_file[strcspn(notes_file, "\"")] = 0;
  if (strchr(notes_file, '\\'))
    return refuse(why, why_size, "`file` may not have quotes and backslashes in it");
  if (pthread_condattr_init(&steady) != 0 || pthread_condattr_setclock(&steady, CLOCK_MONOTONIC) != 0 ||
      pthread_cond_init(&changed, &steady) != 0 || pthread_create(&ticker, 0, tick, 0) != 0)
    return refuse(why, why_size,
                  "there is no thread; does the configuration grant one (`grant: { threads: 1 }`)?");
  tell_log(TROUPE_LOG_INFO, notes_file[0] ? "timer is ready, and notes are kept" : "timer is ready");
  return TROUPE_OK;
}

static void deinit(void) {
  pthread_mutex_lock(&mutex);
  leaving = 1;
  pthread_cond_signal(&changed);
  pthread_mutex_unlock(&mutex);
  pthread_join(ticker, 0);
  pthread_cond_destroy(&changed);
  leaving = 0; /* in the daemon itself a library stays loaded, and init may come again */
}

static const troupe_service wait_tool = {
    .struct_size = TROUPE_SIZE(troupe_service),
    .effect = TROUPE_PURE,
    .kind = "tool",
    .name = "wait",
    .description = "Answers after some seconds",
    .input_schema =
        "{\"type\": \"object\", \"required\": [\"seconds\"], \"additionalProperties\": false,"
        " \"properties\": {\"seconds\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 3600,"
        " \"examples\": [0.002], \"description\": \"how many\"}}}",
    .handle = begin_wait,
    .cancel = cancel_wait,
};

static const troupe_service note_tool = {
    .struct_size = TROUPE_SIZE(troupe_service),
    .effect = TROUPE_AT_MOST_ONCE,
    .kind = "tool",
    .name = "note",
    .description = "Keeps a note",
    .input_schema =
        "{\"type\": \"object\", \"required\": [\"text\"], \"additionalProperties\": false,"
        " \"properties\": {\"text\": {\"type\": \"string\", \"description\": \"what is kept\"}}}",
    .features = "status",
    .handle = note,
};

static const troupe_service* const* services(uint32_t* how_many) {
  static const troupe_service* const tools[] = {&wait_tool, &note_tool};
  *how_many = sizeof tools / sizeof tools[0];
  return tools;
}

extern TROUPE_EXPORT const troupe_plugin troupe_plugin_entry;
const troupe_plugin troupe_plugin_entry = {
    .struct_size = TROUPE_SIZE(troupe_plugin),
    .abi = TROUPE_ABI,
    .name = "timer",
    .version = "1.0",
    .description = "Waits, and keeps notes",
    .config_schema =
        "{\"type\": \"object\", \"additionalProperties\": false, \"properties\":"
        " {\"tick_ms\": {\"type\": \"integer\", \"minimum\": 1, \"description\": \"between two words on"
        " how far it is\"}, \"file\": {\"type\": \"string\", \"description\": \"where notes are kept\"}}}",
    .permissions = "{\"threads\": 1}",
    .concurrent = CALLS_AT_ONCE,
    .init = init,
    .deinit = deinit,
    .services = services,
};
